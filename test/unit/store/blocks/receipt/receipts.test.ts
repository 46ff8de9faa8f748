import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../../../../src/schema/limits.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { createKnownReceipts } from "../../../../../src/store/blocks/receipt/known-receipts.ts";
import { RECEIPTS_A_BLOCK, sumReceipts, verifyReceipts } from "../../../../../src/store/blocks/receipt/receipt-blocks.ts";
import {
  createReceiptKeeper,
  type ReceiptKeeper,
  type ReceiptKeeperOptions,
} from "../../../../../src/store/blocks/receipt/receipt-keeper.ts";
import { digestReceipt, findPacked, packReceipts, unpackReceipts } from "../../../../../src/store/blocks/receipt/receipts.ts";
import type { Receipt } from "../../../../../src/store/receipt.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

function receipt(fields: Partial<Receipt> = {}): Receipt {
  return { scope: 1, key: "k", bodyHash: "00000000000000ff", accepted: 1, isPartial: false, ...fields };
}

/** A database's receipts as the writer keeps them and as requests ask for them. */
async function openReceipts(options: ReceiptKeeperOptions = {}) {
  const folder = await makeTemporaryFolder();
  const database = openForWriting(folder.file("logs.db"));
  const damage: string[] = [];
  let keeper = createReceiptKeeper(database, options);
  let known = createKnownReceipts(database, (why) => damage.push(why));
  let lastRecordId = 0;
  return {
    database,
    damage,
    keeper: (): ReceiptKeeper => keeper,
    find: (key: string, scope = 1) => known.find(scope, key),
    /** Stores the receipts of one commit, of a record each. */
    commit(receipts: Receipt[]) {
      const digested = receipts.map(digestReceipt);
      lastRecordId += receipts.length;
      database.transaction(() => keeper.insert(digested, lastRecordId)).immediate();
      known.committed(digested);
      if (keeper.inserted(digested.length)) known.changed();
    },
    /** As after a restart. */
    reopen() {
      keeper = createReceiptKeeper(database, options);
      known = createKnownReceipts(database, (why) => damage.push(why));
    },
    reload: () => known.changed(),
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const keys = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => receipt({ key: `key ${from + index}` }));

function pagesOf(database: Database): number {
  return database.query<{ page_count: number }, []>("PRAGMA page_count").get()?.page_count ?? 0;
}

describe("receipts", () => {
  test("are packed in 28 bytes each, and give back what was put in", () => {
    const receipts = [
      receipt({ accepted: 4_000_000, isPartial: true }),
      receipt({ key: "ünï 😀", bodyHash: "fedcba9876543210" }),
      receipt({ scope: -3, accepted: 0x7fff_ffff, bodyHash: "ffffffffffffffff" }),
    ].map(digestReceipt);
    const packed = packReceipts(receipts);
    expect(packed.length).toBe(84);
    expect(unpackReceipts(packed)).toEqual(receipts);
    for (const { digest, ...rest } of receipts) expect(findPacked(packed, digest)).toEqual({ digest, ...rest });
    expect(findPacked(packed, digestReceipt(receipt({ key: "K" })).digest)).toBeUndefined();
    // What stands across two of them is none.
    expect(findPacked(packed, packed.toString("hex", 8, 24))).toBeUndefined();
    expect(findPacked(packed, packed.toString("hex", 0, 4).repeat(4))).toBeUndefined();
  });

  test("are known by the digest that the first ones were stored under", () => {
    expect(digestReceipt(receipt()).digest).toBe("a63ad6d8c373c618bb63259bf890b85c");
  });

  test("are found by scope and key together, at once and after a restart", async () => {
    await using receipts = await openReceipts();
    receipts.commit([receipt({ accepted: 7, isPartial: true }), receipt({ scope: 2, bodyHash: "0123456789abcdef" })]);
    for (const look of [() => {}, receipts.reload, receipts.reopen]) {
      look();
      expect(receipts.find("k")).toMatchObject({ bodyHash: "00000000000000ff", accepted: 7, isPartial: true });
      expect(receipts.find("k", 2)).toMatchObject({ bodyHash: "0123456789abcdef", accepted: 1, isPartial: false });
      for (const [key, scope] of [
        ["k", 3],
        ["K", 1],
        ["", 1],
        ["k", 12],
        ["2\nk", 1],
      ] as const)
        expect(receipts.find(key, scope)).toBeUndefined();
    }
  });

  test("of one key replace each other", async () => {
    await using receipts = await openReceipts();
    receipts.commit([receipt({ accepted: 1 })]);
    receipts.commit([receipt({ accepted: 2 }), receipt({ accepted: 3 })]);
    for (const look of [() => {}, receipts.reopen]) {
      look();
      expect(receipts.find("k")?.accepted).toBe(3);
    }
  });

  test("are merged once they are many, take 40 bytes at most then, and are all found, and no others", async () => {
    await using receipts = await openReceipts();
    const before = pagesOf(receipts.database);
    const commits = 3 * RECEIPTS_A_BLOCK + 100;
    for (let from = 0; from < commits; from += 4) receipts.commit(keys(from, 4));
    receipts.database.run("VACUUM");
    expect(((pagesOf(receipts.database) - before) * 4096) / commits).toBeLessThan(40);
    const { receipts: count, bytes } = sumReceipts(receipts.database);
    expect(count).toBe(commits);
    expect(bytes / count).toBeLessThan(40);
    const blocks = receipts.database.query("SELECT count(*) AS n FROM receipt WHERE filter IS NOT NULL").get();
    expect(blocks).toEqual({ n: 3 });
    for (const look of [() => {}, receipts.reopen]) {
      look();
      for (let i = 0; i < commits; i += 7) expect(receipts.find(`key ${i}`)?.accepted).toBe(1);
      for (let i = 0; i < commits; i += 7) expect(receipts.find(`other ${i}`)).toBeUndefined();
    }
    expect(verifyReceipts(receipts.database)).toEqual([]);
  });

  test("are forgotten once they are older than seven days, merged or not, and no sooner", async () => {
    await using receipts = await openReceipts();
    expect(IDEMPOTENCY_KEY_RETENTION_MS).toBe(604_800_000);
    receipts.keeper().drop(1000);
    receipts.commit(keys(0, RECEIPTS_A_BLOCK));
    receipts.keeper().drop(2000);
    receipts.commit([receipt({ key: "old" })]);
    receipts.keeper().drop(2001);
    receipts.commit([receipt({ key: "young" })]);
    const dropAt = (ranMs: number) => [receipts.keeper().drop(ranMs + IDEMPOTENCY_KEY_RETENTION_MS), receipts.reload()][0];
    expect(dropAt(1000)).toBeUndefined();
    expect(receipts.find("key 5")).toBeDefined();
    expect(dropAt(1001)).toEqual({ receipts: RECEIPTS_A_BLOCK, reason: "age" });
    expect([receipts.find("key 5"), receipts.find("old")?.accepted]).toEqual([undefined, 1]);
    expect(dropAt(2001)).toEqual({ receipts: 1, reason: "age" });
    expect([receipts.find("old"), receipts.find("young")?.accepted]).toEqual([undefined, 1]);
    expect(receipts.database.query("SELECT count(*) AS n FROM receipt_part").get()).toEqual({ n: 0 });
  });

  test("take an eighth of a limit of size at most: the oldest go", async () => {
    await using receipts = await openReceipts({ maxBytes: 10_000_000 });
    for (let from = 0; from < 100_000; from += 10) {
      receipts.commit(keys(from, 10));
      while (receipts.keeper().drop(0) !== undefined);
    }
    receipts.reload();
    const { bytes } = sumReceipts(receipts.database);
    expect(bytes).toBeLessThan(1_250_000);
    expect(bytes).toBeGreaterThan(500_000);
    expect(receipts.find("key 0")).toBeUndefined();
    expect(receipts.find("key 99999")).toBeDefined();
  });

  test("go where their records have gone, the oldest first, and no others do", async () => {
    await using receipts = await openReceipts();
    for (let from = 0; from < 30; from += 10) receipts.commit(keys(from, 10));
    expect(receipts.keeper().dropBefore(10)).toBe(0);
    expect(receipts.keeper().dropBefore(11)).toBe(10);
    expect(receipts.keeper().dropBefore(1000)).toBe(20);
    expect(receipts.keeper().dropBefore(1000)).toBe(0);
  });

  test.each([
    ["receipt", "created_at", "created_at + 1"],
    ["receipt", "data", "CAST(substr(data, 2) || x'00' AS BLOB)"],
    ["receipt_part", "data", "CAST(x'00' || substr(data, 2) AS BLOB)"],
    ["receipt", "filter", "CAST(x'ff' || substr(filter, 2) AS BLOB)"],
  ])(
    "that are damaged in the %s's %s cost their own keys, which is told once, and verify finds them",
    async (table, column, to) => {
      await using receipts = await openReceipts();
      receipts.commit(keys(0, RECEIPTS_A_BLOCK));
      for (let from = RECEIPTS_A_BLOCK; from < RECEIPTS_A_BLOCK + 10; from += 1) receipts.commit(keys(from, 1));
      receipts.database.run(
        `UPDATE ${table} SET ${column} = ${to} WHERE ${column} IS NOT NULL AND rowid = (SELECT max(rowid) FROM ${table} WHERE ${column} IS NOT NULL)`,
      );
      receipts.reopen();
      const missing = Array.from({ length: RECEIPTS_A_BLOCK + 10 }, (_, i) => receipts.find(`key ${i}`)).filter(
        (found) => !found,
      ).length;
      expect(missing).toBeGreaterThan(0);
      expect(missing).toBeLessThan(RECEIPTS_A_BLOCK + 1);
      expect(receipts.damage).toHaveLength(1);
      expect(verifyReceipts(receipts.database)).toEqual(receipts.damage);
      // A damaged one is not merged, and is in the way of none.
      receipts.commit(keys(100_000, RECEIPTS_A_BLOCK));
      expect(receipts.find("key 100001")).toBeDefined();
    },
  );
});
