import type { Database } from "bun:sqlite";
import { createKeptValues } from "../../../memory/read-cache.ts";
import type { NoteDamage } from "../../damage.ts";
import type { Order, Position } from "../../search-plan.ts";
import type { BlockMeta } from "../block/block.ts";
import { listBlocks } from "../block/block-catalog.ts";
import { damageOf } from "../block/block-damage.ts";
import { type Matcher, selectBlocks } from "../match/match.ts";
import type { Hits, Step } from "./step.ts";
import { firstOf, headOf, openRuns, type Run, takeHits } from "./timestamp-run.ts";

/** Pages of texts that one walk keeps, since it goes to and fro between them: about as much as a full block has. */
const CACHED_BYTES = 16 * 1024 * 1024;

/**
 * Gives the matches by timestamp, ties by id. Blocks come sorted by the edge at which their first record can stand, and
 * each is opened no sooner than that record could be next. Where one was replaced meanwhile, only its own records are
 * looked for again: starting over might never end while blocks are merged. Where one turns out damaged, the rest of it is
 * left out, and noted.
 */
export function* walkByTimestamp(
  database: Database,
  matcher: Matcher,
  order: Order,
  after: Position | undefined,
  note: NoteDamage,
): Generator<Step> {
  const sign = order === "desc" ? -1 : 1;
  const waiting = listByEdge(database, matcher, order, after).values();
  const open: Run[] = [];
  const cache = createKeptValues(CACHED_BYTES);
  let given = after;
  for (let coming = waiting.next(); ; ) {
    const head = firstOf(open, sign);
    const edge = coming.done ? undefined : edgeOf(coming.value, order);
    if (!coming.done && edge !== undefined && (head === undefined || sign * (edge - headOf(head).ms) <= 0)) {
      const { firstId: fromId, lastId: toId } = coming.value;
      open.push(...openRuns(database, matcher, { meta: coming.value, fromId, toId }, sign, given, cache, note));
      coming = waiting.next();
      yield { passed: undefined };
      continue;
    }
    if (head === undefined) return;
    let hits: Hits | undefined;
    try {
      hits = takeHits(head, open, sign, edge);
    } catch (error) {
      note(damageOf(head.stretch.meta, error));
      open.splice(open.indexOf(head), 1);
      continue;
    }
    if (hits === undefined) {
      open.splice(open.indexOf(head), 1, ...openRuns(database, matcher, head.stretch, sign, given, cache, note));
      continue;
    }
    given = headOf({ ...head, next: head.next - 1 });
    yield { hits };
    if (head.next === head.rows.length) open.splice(open.indexOf(head), 1);
  }
}

function listByEdge(database: Database, matcher: Matcher, order: Order, after: Position | undefined): BlockMeta[] {
  const selection = selectBlocks(matcher);
  const { timestampFrom = Number.NEGATIVE_INFINITY, timestampTo = Number.POSITIVE_INFINITY } = selection;
  if (after !== undefined && order === "desc") selection.timestampTo = Math.min(timestampTo, after.ms);
  if (after !== undefined && order === "asc") selection.timestampFrom = Math.max(timestampFrom, after.ms);
  return listBlocks(database, selection, order === "desc" ? "latest" : "earliest");
}

function edgeOf(meta: BlockMeta, order: Order): number {
  return order === "desc" ? meta.timestampMax : meta.timestampMin;
}
