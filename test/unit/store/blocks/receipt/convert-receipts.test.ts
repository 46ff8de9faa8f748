import { expect, test } from "bun:test";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../../../../src/schema/limits.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { createKnownReceipts } from "../../../../../src/store/blocks/receipt/known-receipts.ts";
import { RECEIPTS_A_BLOCK, sumReceipts } from "../../../../../src/store/blocks/receipt/receipt-blocks.ts";
import { createReceiptKeeper } from "../../../../../src/store/blocks/receipt/receipt-keeper.ts";
import { makeOldReceipts } from "../../../../support/old-receipts.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const NOW = 1_764_000_000_000;
const BODY = new TextEncoder().encode('{"message":"a"}\n{"message":""}\n{"message":"b"}');

test("receipts of an earlier format are known still, for as long as they are kept, and the rest is gone", async () => {
  await using folder = await makeTemporaryFolder();
  const path = folder.file("logs.db");
  {
    using old = openForWriting(path);
    makeOldReceipts(old);
    old.run("PRAGMA user_version=3");
    const insert = old.query("INSERT INTO receipt VALUES (?, ?, ?, ?, ?)");
    old.transaction(() => {
      for (let i = 0; i < RECEIPTS_A_BLOCK; i += 1)
        insert.run(1, `first ${i}`, "5-zz", '{"accepted":3,"rejected":0,"errors":[]}', NOW);
      insert.run(
        2,
        "partial",
        `${BODY.length}-${Bun.hash(BODY).toString(36)}`,
        '{"accepted":2,"rejected":1,"errors":[]}',
        NOW + 10,
      );
      insert.run(2, "damaged", "5-zz", '{"accep', NOW + 10);
      insert.run(2, "too old", "5-zz", '{"accepted":3,"rejected":0,"errors":[]}', NOW + 9 - IDEMPOTENCY_KEY_RETENTION_MS);
    })();
  }
  using database = openForWriting(path);
  const known = createKnownReceipts(database, () => {});
  expect(known.find(1, "first 0")).toMatchObject({
    accepted: 3,
    isPartial: false,
    bodyHash: (35 * 36 + 35).toString(16).padStart(16, "0"),
  });
  expect(known.find(1, `first ${RECEIPTS_A_BLOCK - 1}`)?.accepted).toBe(3);
  const bodyHash = Bun.hash(BODY).toString(16).padStart(16, "0");
  expect(known.find(2, "partial")).toMatchObject({ accepted: 2, isPartial: true, bodyHash });
  for (const key of ["damaged", "too old"]) expect(known.find(2, key)).toBeUndefined();
  expect(sumReceipts(database).receipts).toBe(RECEIPTS_A_BLOCK + 1);
  expect(database.query("SELECT 1 FROM sqlite_schema WHERE name IN ('old_receipt', 'receipt_by_age')").get()).toBeNull();
  const keeper = createReceiptKeeper(database);
  expect(keeper.drop(IDEMPOTENCY_KEY_RETENTION_MS - 10)).toBeUndefined();
  expect(keeper.drop(IDEMPOTENCY_KEY_RETENTION_MS - 9)?.receipts).toBe(RECEIPTS_A_BLOCK);
});
