import type { Database } from "bun:sqlite";
import type { BlockMeta } from "./block.ts";
import { type BlockReader, openBlock } from "./block-reader.ts";
import { listBlocks } from "./database.ts";
import { type Matcher, matchPage, mayMatch, pruningConditions } from "./match.ts";
import type { Hits, Order, Position, Step } from "./search-plan.ts";

/** A block's matches in the order asked for, and how far they were given out. */
type Run = {
  block: BlockReader;
  rows: Uint32Array;
  ms: Float64Array;
  nanos: Float64Array;
  next: number;
};

/** The most rows handed on at once, so that a caller with a small limit does not wait for a large one. */
const MAX_ROWS_A_HIT = 1000;

/**
 * Gives the matches by timestamp, ties by id. Blocks come sorted by the edge at which their first record can stand,
 * and each is opened no sooner than that record could be next.
 */
export function* walkByTimestamp(
  database: Database,
  matcher: Matcher,
  order: Order,
  after: Position | undefined,
): Generator<Step> {
  const sign = order === "desc" ? -1 : 1;
  const waiting = listByEdge(database, matcher, order, after).values();
  const open: Run[] = [];
  for (let coming = waiting.next(); ; ) {
    const head = firstOf(open, sign);
    const edge = coming.done ? undefined : edgeOf(coming.value, order);
    if (!coming.done && edge !== undefined && (head === undefined || sign * (edge - msOf(head)) <= 0)) {
      const run = openRun(openBlock(database, coming.value), matcher, sign, after);
      if (run !== undefined) open.push(run);
      coming = waiting.next();
      yield { passed: undefined };
      continue;
    }
    if (head === undefined) return;
    yield { hits: takeHits(head, open, sign, edge) };
    if (head.next === head.rows.length) open.splice(open.indexOf(head), 1);
  }
}

function listByEdge(database: Database, matcher: Matcher, order: Order, after: Position | undefined): BlockMeta[] {
  const { where, parameters } = pruningConditions(matcher);
  if (after !== undefined) {
    where.push(order === "desc" ? "timestamp_min <= ?" : "timestamp_max >= ?");
    parameters.push(after.ms);
  }
  const orderBy = order === "desc" ? "timestamp_max DESC" : "timestamp_min ASC";
  return listBlocks(database, where.join(" AND ") || "1", parameters, orderBy);
}

function edgeOf(meta: BlockMeta, order: Order): number {
  return order === "desc" ? meta.timestampMax : meta.timestampMin;
}

function openRun(block: BlockReader, matcher: Matcher, sign: number, after: Position | undefined): Run | undefined {
  if (!mayMatch(matcher, block)) return undefined;
  const ms = block.column("timestamp");
  const nanos = block.column("nanos");
  const { firstId } = block.meta;
  const found: number[] = [];
  for (let page = 0; page < block.pages(); page += 1) {
    const matches = matchPage(matcher, block, page);
    if (matches === undefined) continue;
    const { from } = block.pageRange(page);
    for (let i = 0; i < matches.length; i += 1) if (matches[i] === 1) found.push(from + i);
  }
  const compare = (a: number, b: number) =>
    sign * ((ms[a] as number) - (ms[b] as number) || (nanos[a] as number) - (nanos[b] as number) || a - b);
  const isBeyond = (row: number) =>
    after === undefined ||
    sign * ((ms[row] as number) - after.ms || (nanos[row] as number) - after.nanos || firstId + row - after.id) > 0;
  const rows = Uint32Array.from(found.filter(isBeyond)).sort(compare);
  return rows.length === 0 ? undefined : { block, rows, ms, nanos, next: 0 };
}

function msOf(run: Run): number {
  return run.ms[run.rows[run.next] as number] as number;
}

/** Negative where the next row of `a` comes before the next row of `b`. */
function compareHeads(a: Run, b: Run, sign: number): number {
  const rowA = a.rows[a.next] as number;
  const rowB = b.rows[b.next] as number;
  const byTime = (a.ms[rowA] as number) - (b.ms[rowB] as number) || (a.nanos[rowA] as number) - (b.nanos[rowB] as number);
  return sign * (byTime || a.block.meta.firstId + rowA - (b.block.meta.firstId + rowB));
}

function firstOf(open: Run[], sign: number): Run | undefined {
  let first = open[0];
  for (const run of open) if (first !== undefined && compareHeads(run, first, sign) < 0) first = run;
  return first;
}

/** Takes rows of `head` as long as they lie on one page and nothing else comes before them. */
function takeHits(head: Run, open: Run[], sign: number, edge: number | undefined): Hits {
  const others = open.filter((run) => run !== head);
  const rival = firstOf(others, sign);
  const page = pageOf(head.block, head.rows[head.next] as number);
  const { from, to } = head.block.pageRange(page);
  const rows: number[] = [];
  while (head.next < head.rows.length && rows.length < MAX_ROWS_A_HIT) {
    const row = head.rows[head.next] as number;
    if (row < from || row >= to) break;
    if (rows.length > 0 && rival !== undefined && compareHeads(head, rival, sign) > 0) break;
    if (rows.length > 0 && edge !== undefined && sign * (edge - msOf(head)) <= 0) break;
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
