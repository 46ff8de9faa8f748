import type { ReceiptBlock } from "../receipt/receipt-blocks.ts";
import type { BlockMeta } from "./block.ts";

/** What is summed up beside the bytes themselves: where they belong, so that bytes in another's place are found out too. */
const place = new Float64Array(1);
const placeBytes = new Uint8Array(place.buffer);
const facts = new Float64Array(11);
const factBytes = new Uint8Array(facts.buffer);

/** The CRC-32 of a part and of its key. It is stored: what goes into it never changes. */
export function checksumOfPart(key: number, data: Uint8Array): number {
  place[0] = key;
  return Bun.hash.crc32(data as Uint8Array<ArrayBuffer>, Bun.hash.crc32(placeBytes));
}

/** The CRC-32 of all that is known of a block. It is stored: what goes into it never changes. */
export function checksumOfMeta(meta: BlockMeta): number {
  facts[0] = meta.id;
  facts[1] = meta.version;
  facts[2] = meta.firstId;
  facts[3] = meta.lastId;
  facts[4] = meta.timestampMin;
  facts[5] = meta.timestampMax;
  facts[6] = meta.receivedMin;
  facts[7] = meta.receivedMax;
  facts[8] = meta.severityMask;
  facts[9] = meta.bytes;
  facts[10] = meta.characters;
  return Bun.hash.crc32(meta.services.join("\n"), Bun.hash.crc32(factBytes));
}

/** The CRC-32 of a block of receipts and of what is known of it. It is stored: what goes into it never changes. */
export function checksumOfReceipts({ id, receipts, lastRecordId, createdAt, bytes }: ReceiptBlock, data: Uint8Array): number {
  const known = new Float64Array([id, receipts, lastRecordId, createdAt, bytes]);
  return Bun.hash.crc32(data as Uint8Array<ArrayBuffer>, Bun.hash.crc32(new Uint8Array(known.buffer)));
}
