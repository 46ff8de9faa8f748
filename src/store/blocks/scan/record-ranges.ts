import type { Database } from "bun:sqlite";
import type { Filter } from "../../../query/filter.ts";
import type { BlockMeta } from "../block/block.ts";
import { listBlocks, newestRecordId } from "../block/block-catalog.ts";
import { damageOf } from "../block/block-damage.ts";
import { BlockGone } from "../block/block-reader.ts";
import { openBlock } from "../block/open-block.ts";
import { compileFilter, type Matcher, mayMatch, selectBlocks } from "../match/match.ts";
import { ALL_RECORDS, type RecordRange } from "../search/record-range.ts";

/** Below this many rows a range is not worth another thread. */
const MIN_ROWS = 65_536;

/** Of so many blocks the filters are asked beforehand, which takes a few microseconds each; of more of them as it comes to them. */
const MAX_LOOKED_INTO = 256;

/**
 * The records of `within` that may match, in ranges of about the same number of rows, `parts` of them where there are enough.
 * Ranges are made of ids and not of blocks, so that a record stays in its range whatever compaction does meanwhile.
 */
export function listRanges(
  database: Database,
  filter: Filter,
  parts: number,
  within: RecordRange = ALL_RECORDS,
  minRows = MIN_ROWS,
): RecordRange[] {
  const lastId = Math.min(newestRecordId(database), within.toId);
  const matcher = compileFilter(filter, lastId);
  matcher.firstId = Math.max(matcher.firstId, within.fromId);
  const listed = listBlocks(database, selectBlocks(matcher));
  const metas = listed.length > MAX_LOOKED_INTO ? listed : listed.filter((meta) => mayMatchNow(database, matcher, meta));
  const rows = metas.reduce((sum, meta) => sum + meta.rows, 0);
  const wanted = Math.max(minRows, rows / parts);
  const ranges: RecordRange[] = [];
  let fromId = 0;
  let filled = 0;
  for (const [index, meta] of metas.entries()) {
    if (filled === 0) fromId = Math.max(meta.firstId, within.fromId);
    filled += meta.rows;
    if (filled < wanted && index + 1 < metas.length) continue;
    // The end of a damaged block may be anything.
    ranges.push({ fromId, toId: Math.min(meta.damaged ? meta.firstId : meta.lastId, lastId) });
    filled = 0;
  }
  return ranges;
}

function mayMatchNow(database: Database, matcher: Matcher, meta: BlockMeta): boolean {
  try {
    return mayMatch(matcher, openBlock(database, meta));
  } catch (error) {
    // Who searches it meets the same, and says so.
    if (!(error instanceof BlockGone)) damageOf(meta, error);
    return true;
  }
}
