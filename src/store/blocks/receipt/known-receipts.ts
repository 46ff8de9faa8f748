import type { Database } from "bun:sqlite";
import {
  describeReceiptDamage,
  findMerged,
  listMergedIds,
  RECEIPTS_A_BLOCK,
  readReceiptFilter,
  readSmallBlocks,
} from "./receipt-blocks.ts";
import { createReceiptFilters } from "./receipt-filter.ts";
import { type DigestedReceipt, digestOfKey, unpackReceipts } from "./receipts.ts";

/**
 * Finds the receipt of an idempotency key among millions: those of small blocks are kept in memory, of the merged ones the
 * filters, so that a key that is new costs no look into the database. Lives in the thread that answers requests.
 */
export type KnownReceipts = {
  find(scope: number, key: string): Omit<DigestedReceipt, "digest"> | undefined;
  /** Told of receipts that are on disk. */
  committed(receipts: readonly DigestedReceipt[]): void;
  /** Told that blocks were merged, or dropped. */
  changed(): void;
};

/** `onDamaged` is told of each damaged block once, for people. */
export function createKnownReceipts(database: Database, onDamaged: (why: string) => void): KnownReceipts {
  const recent = new Map<string, DigestedReceipt>();
  const filters = createReceiptFilters();
  const damaged = new Set<number>();

  function noteDamaged(block: number): void {
    if (!damaged.has(block)) onDamaged(describeReceiptDamage(block));
    damaged.add(block);
  }

  const load = database.transaction(() => {
    const merged = new Set(listMergedIds(database));
    for (const block of filters.blocks()) if (!merged.has(block)) filters.remove(block);
    for (const block of merged) {
      if (filters.has(block) || damaged.has(block)) continue;
      const filter = readReceiptFilter(database, block);
      if (filter === undefined) noteDamaged(block);
      else filters.add(block, filter);
    }
    recent.clear();
    for (const { data } of readSmallBlocks(database, noteDamaged)) remember(unpackReceipts(data));
  });

  function remember(receipts: readonly DigestedReceipt[]): void {
    for (const receipt of receipts) recent.set(receipt.digest, receipt);
  }

  load();
  return {
    find(scope, key) {
      const digest = digestOfKey(scope, key);
      const found = recent.get(digest);
      if (found !== undefined) return found;
      for (const block of filters.candidates(digest)) {
        const receipt = findMerged(database, block, digest, noteDamaged);
        if (receipt !== undefined) return receipt;
      }
      return undefined;
    },
    committed(receipts) {
      remember(receipts);
      // Dropped ones are still among them.
      if (recent.size > 4 * RECEIPTS_A_BLOCK) load();
    },
    changed: () => load(),
  };
}
