import type { BlockMeta } from "./block.ts";

const facts = new Float64Array(11);
const factBytes = new Uint8Array(facts.buffer);

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
