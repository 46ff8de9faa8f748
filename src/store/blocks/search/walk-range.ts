import type { Database } from "bun:sqlite";
import { ALL_SEVERITIES, type Filter } from "../../../query/filter.ts";
import type { NoteDamage } from "../../damage.ts";
import type { BlockMeta } from "../block/block.ts";
import { checkMeta, damageOf } from "../block/block-damage.ts";
import { BlockGone, type BlockReader } from "../block/block-reader.ts";
import { countMatches } from "../match/count-matches.ts";
import { compileFilter, type Matcher, matchesWhole, matchPage, mayMatch } from "../match/match.ts";
import type { RecordRange } from "./record-range.ts";
import { candidates } from "./walk-by-arrival.ts";

/** Rows of a block: of one page of it, or of all pages where `page` is undefined. */
export type RowsOfBlock = {
  block: BlockReader;
  page: number | undefined;
  rows: number;
  /** 1 for each row that counts, else 0; undefined where all do. */
  alive: Uint8Array | undefined;
};

/** What is done with the matching rows. Each function reads all it needs before it changes anything: a block may be gone. */
export type RangeVisitor = {
  /** Takes a block all of whose rows match, but perhaps for their services and severities; false where it must come page by page. */
  takeBlock(block: BlockReader, matcher: Matcher, matchesAll: boolean): boolean;
  takeRows(rows: RowsOfBlock): void;
  /** Takes so many matching rows, where nothing else of them is asked for. */
  takeCount?(count: number): void;
  /** True: the next page is left out. */
  skipsPage?(): boolean;
};

/**
 * Shows each matching record of a range to the visitor once, whatever compaction does meanwhile: what was shown is
 * remembered by id, and where a block is gone those that hold the other ids are listed again. Where one turns out damaged,
 * the rest of it is left out, and noted. Yields between pages.
 */
export function* walkRange(
  database: Database,
  filter: Filter,
  range: RecordRange,
  visitor: RangeVisitor,
  note: NoteDamage,
): Generator<undefined, void> {
  const matcher = compileFilter(filter, range.toId);
  const unqueried = { ...matcher, query: undefined };
  const anyone = compileFilter({ ...filter, services: [], severityMask: ALL_SEVERITIES }, range.toId);
  let done = range.fromId - 1;
  for (let complete = false; !complete; ) {
    try {
      for (const { block, fromId, toId } of candidates(database, matcher, "asc", done)) {
        const { meta } = block;
        try {
          checkMeta(meta);
          if (mayMatch(matcher, block) && !takesBlock(block, fromId)) {
            for (let page = 0; page < block.pages(); page += 1) {
              const last = takePage(block, page, fromId);
              done = Math.max(done, Math.min(last, toId));
              yield undefined;
            }
          }
        } catch (error) {
          note(damageOf(meta, error));
        }
        done = meta.damaged ? fromId : Math.min(meta.lastId, toId);
        yield undefined;
      }
      complete = true;
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
    }
  }

  function takesBlock(block: BlockReader, fromId: number): boolean {
    if (fromId !== block.meta.firstId) return false;
    if (!matchesWhole(anyone, block.meta)) return takesCount(block);
    return visitor.takeBlock(block, matcher, matchesWhole(matcher, block.meta));
  }

  function takesCount(block: BlockReader): boolean {
    if (visitor.takeCount === undefined || matcher.query === undefined || !matchesWhole(unqueried, block.meta)) return false;
    const count = countMatches(matcher.query, block);
    if (count !== undefined) visitor.takeCount(count);
    return count !== undefined;
  }

  /** Answers with the last id of the page. */
  function takePage(block: BlockReader, page: number, fromId: number): number {
    const { meta } = block;
    const { from, to } = block.pageRange(page);
    const last = meta.firstId + to - 1;
    if (last < fromId || meta.firstId + from > range.toId || visitor.skipsPage?.()) return last;
    const all = matchesWhole(matcher, meta);
    const alive = all ? undefined : matchPage(matcher, block, page);
    if (!all && alive === undefined) return last;
    visitor.takeRows({ block, page, rows: to - from, alive: startingAt(fromId, meta, from, to, alive) });
    return last;
  }
}

/** `alive` without the rows before `fromId`, which were shown as rows of another block. */
function startingAt(
  fromId: number,
  { firstId }: BlockMeta,
  from: number,
  to: number,
  alive: Uint8Array | undefined,
): Uint8Array | undefined {
  const first = fromId - firstId;
  if (first <= from) return alive;
  return (alive ?? new Uint8Array(to - from).fill(1)).fill(0, 0, first - from);
}
