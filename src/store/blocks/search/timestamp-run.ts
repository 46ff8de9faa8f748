import type { Database } from "bun:sqlite";
import type { KeptValues } from "../../../memory/read-cache.ts";
import type { NoteDamage } from "../../damage.ts";
import type { Position } from "../../search-plan.ts";
import type { BlockMeta } from "../block/block.ts";
import { listBlocks } from "../block/block-catalog.ts";
import { checkMeta, damageOf } from "../block/block-damage.ts";
import { BlockGone, type BlockReader } from "../block/block-reader.ts";
import { openBlock } from "../block/open-block.ts";
import { type Matcher, matchPage, mayMatch, selectBlocks } from "../match/match.ts";
import type { Hits } from "./step.ts";

/** Records with consecutive ids, all of one block. */
export type Stretch = { meta: BlockMeta; fromId: number; toId: number };

/** The matches in a stretch in the order of their timestamps, and how many of them were given out. */
export type Run = {
  stretch: Stretch;
  block: BlockReader;
  rows: Uint32Array;
  ms: Float64Array;
  nanos: Float64Array;
  next: number;
};

/** 1 for the oldest first, -1 for the newest first. */
export type Sign = 1 | -1;

/** The most rows handed on at once, so that a caller with a small limit does not wait for a large one. */
const MAX_ROWS_A_HIT = 1000;

/**
 * The matches beyond `after` in a stretch, as runs: one, or several where compaction has put other blocks in the place of
 * its own since that was listed. None where nothing matches, or where the block is damaged, which is noted.
 */
export function openRuns(
  database: Database,
  matcher: Matcher,
  stretch: Stretch,
  sign: Sign,
  after: Position | undefined,
  cache: KeptValues,
  note: NoteDamage,
): Run[] {
  const runs: Run[] = [];
  const missing = [stretch];
  for (let part = missing.pop(); part !== undefined; part = missing.pop()) {
    const { fromId, toId } = part;
    try {
      const run = openRun(openBlock(database, part.meta, cache), matcher, part, sign, after);
      if (run.rows.length > 0) runs.push(run);
    } catch (error) {
      if (!(error instanceof BlockGone)) {
        note(damageOf(part.meta, error));
        continue;
      }
      for (const found of listCovering(database, matcher, fromId, toId)) {
        missing.push({ meta: found, fromId: Math.max(fromId, found.firstId), toId: Math.min(toId, found.lastId) });
      }
    }
  }
  return runs;
}

function listCovering(database: Database, matcher: Matcher, fromId: number, toId: number): BlockMeta[] {
  const selection = selectBlocks(matcher);
  const { fromId: least = fromId, toId: most = toId } = selection;
  return listBlocks(database, { ...selection, fromId: Math.max(least, fromId), toId: Math.min(most, toId) });
}

function openRun(block: BlockReader, matcher: Matcher, stretch: Stretch, sign: Sign, after: Position | undefined): Run {
  checkMeta(block.meta);
  if (!mayMatch(matcher, block)) {
    return { stretch, block, rows: new Uint32Array(), ms: new Float64Array(), nanos: new Float64Array(), next: 0 };
  }
  const { fromId, toId } = stretch;
  const ms = block.column("timestamp");
  const nanos = block.column("nanos");
  const { firstId } = block.meta;
  const isWanted = (row: number) =>
    firstId + row >= fromId &&
    firstId + row <= toId &&
    (after === undefined ||
      sign * ((ms[row] as number) - after.ms || (nanos[row] as number) - after.nanos || firstId + row - after.id) > 0);
  const found: number[] = [];
  for (let page = 0; page < block.pages(); page += 1) {
    const { from, to } = block.pageRange(page);
    const matches = firstId + to > fromId && firstId + from <= toId ? matchPage(matcher, block, page) : undefined;
    if (matches === undefined) continue;
    for (let i = 0; i < matches.length; i += 1) if (matches[i] === 1 && isWanted(from + i)) found.push(from + i);
  }
  const compare = (a: number, b: number) =>
    sign * ((ms[a] as number) - (ms[b] as number) || (nanos[a] as number) - (nanos[b] as number) || a - b);
  return { stretch, block, rows: Uint32Array.from(found).sort(compare), ms, nanos, next: 0 };
}

/** Where the next record of the run stands. */
export function headOf({ block, rows, ms, nanos, next }: Run): Position {
  const row = rows[next] as number;
  return { id: block.meta.firstId + row, ms: ms[row] as number, nanos: nanos[row] as number };
}

/** Negative where the next row of `a` comes before the next row of `b`. */
function compareHeads(a: Run, b: Run, sign: Sign): number {
  const rowA = a.rows[a.next] as number;
  const rowB = b.rows[b.next] as number;
  const byTime = (a.ms[rowA] as number) - (b.ms[rowB] as number) || (a.nanos[rowA] as number) - (b.nanos[rowB] as number);
  return sign * (byTime || a.block.meta.firstId + rowA - (b.block.meta.firstId + rowB));
}

/** The run whose next record comes before those of all others. */
export function firstOf(runs: Run[], sign: Sign): Run | undefined {
  let first = runs[0];
  for (const run of runs) if (first !== undefined && compareHeads(run, first, sign) < 0) first = run;
  return first;
}

/**
 * Takes rows of `head`, the first of the `open` runs, as long as they lie on one page and neither another run nor a block
 * at whose `edge` (in ms) its first record can stand comes before them. All that is to be known of them is read by then;
 * undefined, and nothing taken, where the block is gone.
 */
export function takeHits(head: Run, open: Run[], sign: Sign, edge: number | undefined): Hits | undefined {
  const page = pageOf(head.block, head.rows[head.next] as number);
  if (!head.block.load(page)) return undefined;
  const rival = firstOf(
    open.filter((run) => run !== head),
    sign,
  );
  const { from, to } = head.block.pageRange(page);
  const rows: number[] = [];
  while (head.next < head.rows.length && rows.length < MAX_ROWS_A_HIT) {
    const row = head.rows[head.next] as number;
    if (row < from || row >= to) break;
    if (rows.length > 0 && rival !== undefined && compareHeads(head, rival, sign) > 0) break;
    if (rows.length > 0 && edge !== undefined && sign * (edge - (head.ms[row] as number)) <= 0) break;
    rows.push(row);
    head.next += 1;
  }
  return { block: head.block, page, rows };
}

function pageOf(block: BlockReader, row: number): number {
  let low = 0;
  let high = block.pages() - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (block.pageRange(middle).from <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
