import type { Database } from "bun:sqlite";
import { IDEMPOTENCY_KEY_RETENTION_MS } from "../../../schema/limits.ts";
import { insertMerged, insertReceipts, RECEIPT_SCHEMA, RECEIPTS_A_BLOCK } from "./receipt-blocks.ts";
import { type DigestedReceipt, digestOfKey } from "./receipts.ts";

type OldRow = { scope: number; key: string; body_hash: string; answer: string; created_at: number };

/** The table `block` as those formats have it. */
const NEWEST_RECORD = "SELECT max(last_id, first_id + rows - 1) AS id FROM block ORDER BY first_id DESC LIMIT 1";

/**
 * Takes the receipts of a database of format 1 to 3, a row each, into blocks, and makes the tables of these; to be called within
 * a transaction. Their ages are counted from that of the newest one.
 */
export function convertReceipts(database: Database): void {
  const lastRecordId = database.query<{ id: number }, []>(NEWEST_RECORD).get()?.id ?? 0;
  database.run("ALTER TABLE receipt RENAME TO old_receipt");
  database.run(RECEIPT_SCHEMA);
  const newest = database.query<{ at: number | null }, []>("SELECT max(created_at) AS at FROM old_receipt").get()?.at ?? 0;
  const rows = database.query<OldRow, [number]>("SELECT * FROM old_receipt WHERE created_at >= ? ORDER BY created_at");
  let id = 1;
  let gathered: DigestedReceipt[] = [];
  let createdAt = 0;
  const flush = (insert: typeof insertMerged) => {
    if (gathered.length > 0) insert(database, { id, lastRecordId, createdAt }, gathered);
    id += 1;
    gathered = [];
  };
  for (const row of rows.iterate(newest - IDEMPOTENCY_KEY_RETENTION_MS)) {
    const receipt = convert(row);
    if (receipt !== undefined) gathered.push(receipt);
    createdAt = row.created_at - newest;
    if (gathered.length >= RECEIPTS_A_BLOCK) flush(insertMerged);
  }
  flush(insertReceipts);
  database.run("DROP TABLE old_receipt");
}

/** Undefined where it is not as it was written: its key is not known any more. */
function convert({ scope, key, body_hash, answer }: OldRow): DigestedReceipt | undefined {
  try {
    // A length and a hash of 64 bits in base 36.
    const digits = body_hash.slice(body_hash.indexOf("-") + 1);
    const hash = [...digits].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
    const { accepted, rejected } = JSON.parse(answer) as { accepted: number; rejected: number };
    const bodyHash = BigInt.asUintN(64, hash).toString(16).padStart(16, "0");
    return { digest: digestOfKey(scope, key), bodyHash, accepted, isPartial: rejected > 0 };
  } catch {
    return undefined;
  }
}
