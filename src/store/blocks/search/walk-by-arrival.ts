import type { Database } from "bun:sqlite";
import type { NoteDamage } from "../../damage.ts";
import type { Order, Position } from "../../search-plan.ts";
import { listBlocks } from "../block/block-catalog.ts";
import { checkMeta, damageOf } from "../block/block-damage.ts";
import type { BlockReader } from "../block/block-reader.ts";
import { openBlock } from "../block/open-block.ts";
import { type Matcher, matchPage, mayMatch, selectBlocks } from "../match/match.ts";
import type { Step } from "./step.ts";

/** A block that may hold matches, and the ids in it that have not been passed yet. */
export type Candidate = { block: BlockReader; fromId: number; toId: number };

/** The newest records are mostly in few blocks: more are listed at a time the further a search goes. */
const FIRST_LISTING = 4;
const MAX_LISTING = 64;

/**
 * The blocks that may hold matches beyond the id `after`, in the order of arrival. They are listed a few at a time;
 * since compaction may have put passed and coming records into one block meanwhile, each comes with the ids that are left.
 */
export function* candidates(database: Database, matcher: Matcher, order: Order, after: number | undefined): Generator<Candidate> {
  const selection = selectBlocks(matcher);
  let bound = after ?? (order === "desc" ? Number.MAX_SAFE_INTEGER : 0);
  for (let count = FIRST_LISTING; ; count = Math.min(MAX_LISTING, count * 4)) {
    const metas =
      order === "desc"
        ? listBlocks(database, { ...selection, before: bound }, "newest", count)
        : listBlocks(database, { ...selection, after: bound }, "oldest", count);
    for (const meta of metas) {
      const fromId = order === "asc" ? Math.max(meta.firstId, bound + 1) : meta.firstId;
      const toId = order === "desc" ? Math.min(meta.lastId, bound - 1) : meta.lastId;
      yield { block: openBlock(database, meta), fromId, toId };
    }
    const last = metas.at(-1);
    if (last === undefined || metas.length < count) return;
    // The end of one that is damaged may be anything: it is listed again, and those behind it with it.
    bound = order === "desc" || last.damaged ? last.firstId : last.lastId;
  }
}

/**
 * Gives the matches in the order of arrival, newest or oldest first, page by page, so that a short answer reads little.
 * Where a block turns out damaged, the rest of it is left out, and noted.
 */
export function* walkByArrival(
  database: Database,
  matcher: Matcher,
  order: Order,
  after: Position | undefined,
  note: NoteDamage,
): Generator<Step> {
  for (const { block, fromId, toId } of candidates(database, matcher, order, after?.id)) {
    const { firstId, damaged } = block.meta;
    try {
      checkMeta(block.meta);
      if (mayMatch(matcher, block)) {
        const pages = block.pages();
        for (let i = 0; i < pages; i += 1) {
          const page = order === "desc" ? pages - 1 - i : i;
          const rows = matchedRows(matcher, block, page, fromId - firstId, toId - firstId, order);
          if (rows.length > 0) yield { hits: { block, page, rows } };
        }
      }
    } catch (error) {
      note(damageOf(block.meta, error));
    }
    yield { passed: { id: order === "desc" || damaged ? fromId : toId, ms: 0, nanos: 0 } };
  }
}

function matchedRows(matcher: Matcher, block: BlockReader, page: number, first: number, last: number, order: Order): number[] {
  const range = block.pageRange(page);
  const from = Math.max(range.from, first);
  const to = Math.min(range.to, last + 1);
  const matches = from < to ? matchPage(matcher, block, page) : undefined;
  if (matches === undefined) return [];
  const rows: number[] = [];
  if (order === "asc") for (let row = from; row < to; row += 1) if (matches[row - range.from] === 1) rows.push(row);
  if (order === "desc") for (let row = to - 1; row >= from; row -= 1) if (matches[row - range.from] === 1) rows.push(row);
  return rows;
}
