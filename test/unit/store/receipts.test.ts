import { describe, expect, test } from "bun:test";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../../src/schema/limits.ts";
import { openForWriting } from "../../../src/store/database.ts";
import { findReceipt, insertReceipt, pruneReceipts, type Receipt } from "../../../src/store/receipts.ts";
import { makeTemporaryFolder } from "../../support/temporary-folder.ts";

const NOW = 1_764_000_000_000;

function receipt(fields: Partial<Receipt> = {}): Receipt {
  return { scope: 1, key: "k", bodyHash: "abc", answer: '{"accepted":1}', ...fields };
}

describe("receipts", () => {
  test("are found by scope and key together", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const mine = receipt({ answer: '{"accepted":1,"note":"ünï 😀"}' });
    const theirs = receipt({ scope: 2, bodyHash: "def" });
    insertReceipt(database, mine, NOW);
    insertReceipt(database, theirs, NOW);
    expect(findReceipt(database, 1, "k")).toEqual(mine);
    expect(findReceipt(database, 2, "k")).toEqual(theirs);
    expect(findReceipt(database, 3, "k")).toBeUndefined();
    expect(findReceipt(database, 1, "K")).toBeUndefined();
    expect(findReceipt(database, 1, "")).toBeUndefined();
  });

  test("of one key replace each other", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    insertReceipt(database, receipt({ answer: "old" }), NOW);
    insertReceipt(database, receipt({ answer: "new" }), NOW + 1);
    expect(findReceipt(database, 1, "k")).toEqual(receipt({ answer: "new" }));
  });

  test("are forgotten once they are older than seven days, and no sooner", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    insertReceipt(database, receipt({ key: "old" }), NOW);
    insertReceipt(database, receipt({ key: "young" }), NOW + 1);
    expect(IDEMPOTENCY_KEY_RETENTION_MS).toBe(604_800_000);
    pruneReceipts(database, NOW + IDEMPOTENCY_KEY_RETENTION_MS);
    expect(findReceipt(database, 1, "old")).toEqual(receipt({ key: "old" }));
    pruneReceipts(database, NOW + IDEMPOTENCY_KEY_RETENTION_MS + 1);
    expect(findReceipt(database, 1, "old")).toBeUndefined();
    expect(findReceipt(database, 1, "young")).toEqual(receipt({ key: "young" }));
  });

  test("are forgotten a thousand at a time, with word of whether there are more", async () => {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const count = () => (database.query("SELECT count(*) AS n FROM receipt").get() as { n: number }).n;
    database.transaction(() => {
      for (let i = 0; i < 1005; i += 1) insertReceipt(database, receipt({ key: `k${i}` }), NOW);
    })();
    const later = NOW + IDEMPOTENCY_KEY_RETENTION_MS + 1;
    expect([pruneReceipts(database, later), count()]).toEqual([true, 5]);
    expect([pruneReceipts(database, later), count()]).toEqual([false, 0]);
  });
});
