import type { Database } from "bun:sqlite";
import { type BlockMeta, metaOf } from "../block/block.ts";
import { checkMeta, damageOf } from "../block/block-damage.ts";
import { damageOfPart, listParts, type PartRow } from "../block/block-parts.ts";
import { mergeBlocks } from "../block/merge-blocks.ts";
import { openBlock } from "../block/open-block.ts";

/** What is wrong with a block, each a few words; `unchecked` where it was written before there were checksums. */
export type BlockVerdict = { wrong: string[]; unchecked: boolean };

/** Reads all of a block, and holds what is known of it to what is in it. Throws where the disk does not answer. */
export function verifyBlock(database: Database, meta: BlockMeta): BlockVerdict {
  const wrong: string[] = [];
  let parts: PartRow[] = [];
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      wrong.push(damageOf(meta, error).reason);
    }
  };
  attempt(() => checkMeta(meta));
  attempt(() => {
    parts = listParts(database, meta.id);
    wrong.push(...parts.flatMap((part) => damageOfPart(part) ?? []));
    const bytes = parts.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes !== meta.bytes) wrong.push(`its parts have ${bytes} bytes, and should have ${meta.bytes}`);
  });
  // Where something is wrong already, reading it would say the same once more.
  if (wrong.length === 0) attempt(() => wrong.push(...compare(database, meta)));
  return { wrong, unchecked: parts.some(({ checksum }) => checksum === undefined || checksum === null) };
}

const FACTS = ["lastId", "timestampMin", "timestampMax", "receivedMin", "receivedMax", "severityMask", "characters"] as const;

/** Decodes every record, and says where what they come to differs from what is known of the block. */
function compare(database: Database, meta: BlockMeta): string[] {
  const found = metaOf(mergeBlocks([openBlock(database, meta)]), []);
  return FACTS.filter((fact) => found[fact] !== meta[fact]).map(
    (fact) => `its ${fact} is ${found[fact]}, and should be ${meta[fact]}`,
  );
}
