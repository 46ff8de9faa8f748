import type { Database } from "bun:sqlite";
import { onRelease } from "../../../memory/scratch.ts";
import { createTextBuffer, putText, type TextBuffer, takeBytes } from "../../../memory/text-buffer.ts";
import type { NoteDamage } from "../../damage.ts";
import { FRAMING } from "../../record-framing.ts";
import type { Position } from "../../search-plan.ts";
import { newestRecordId } from "../block/block-catalog.ts";
import { damageOf } from "../block/block-damage.ts";
import { BlockGone } from "../block/block-reader.ts";
import { compileFilter, type Matcher } from "../match/match.ts";
import { writeRows } from "./record-text.ts";
import type { Hits, ScanPlan, SearchChunk, Step } from "./step.ts";
import { walkByArrival } from "./walk-by-arrival.ts";
import { walkByTimestamp } from "./walk-by-timestamp.ts";

/** Answers are handed on in pieces of about this many bytes. */
const CHUNK_BYTES = 256 * 1024;
const BUFFER_BYTES = CHUNK_BYTES + (CHUNK_BYTES >> 2);

/** What the last search to end wrote into, for the next one: to a short search fresh memory of this size is dear. */
let spare: TextBuffer | undefined;
onRelease(() => {
  spare = undefined;
});

/**
 * Runs a search: yields the answer in pieces, and undefined now and then in between, so that whoever drives it
 * can do other work or stop. It looks at the records there are when it starts: it ends, however fast more arrive. Blocks
 * that compaction replaces meanwhile are listed again: no record is missed or doubled. What cannot be read of a damaged
 * block is left out, and `note` is told.
 */
export function* search(database: Database, plan: ScanPlan, note: NoteDamage): Generator<SearchChunk | undefined, void> {
  const { throughId = Number.POSITIVE_INFINITY, part } = plan;
  const matcher = compileFilter(plan.filter, Math.min(newestRecordId(database), throughId, part?.toId ?? throughId));
  matcher.firstId = Math.max(matcher.firstId, part?.fromId ?? 0);
  const answer = createAnswer(plan);
  const endsAtMs = performance.now() + (plan.patienceMs ?? Number.POSITIVE_INFINITY);
  let { after, offset, limit } = plan;
  for (let complete = false; !complete; ) {
    try {
      for (const { hits, passed } of walk(database, matcher, plan, after, note)) {
        if (hits === undefined) {
          after = passed ?? after;
        } else {
          const skipped = Math.min(offset, hits.rows.length);
          const wanted = hits.rows.slice(skipped, skipped + limit);
          let position: Position;
          try {
            position = positionOf(hits, (wanted.at(-1) ?? hits.rows.at(-1)) as number, plan);
            if (wanted.length > 0) answer.add(hits, wanted, position);
          } catch (error) {
            note(damageOf(hits.block.meta, error));
            continue;
          }
          // Nothing below throws: a block that is gone was met before anything was counted.
          offset -= skipped;
          limit -= wanted.length;
          after = position;
        }
        if (limit <= 0) break;
        if (performance.now() > endsAtMs) return yield { ...answer.take(true), last: after, unfinished: true };
        yield answer.isFull() ? answer.take(false) : undefined;
      }
      complete = true;
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
    }
  }
  yield answer.take(true);
}

function walk(
  database: Database,
  matcher: Matcher,
  plan: ScanPlan,
  after: Position | undefined,
  note: NoteDamage,
): Iterable<Step> {
  const walkBlocks = plan.sort === "timestamp" ? walkByTimestamp : walkByArrival;
  return walkBlocks(database, matcher, plan.order, after, note);
}

function positionOf({ block, page }: Hits, row: number, { sort }: ScanPlan): Position {
  const id = block.meta.firstId + row;
  if (sort === "received_at") return { id, ms: 0, nanos: 0 };
  const i = row - block.pageRange(page).from;
  return { id, ms: block.columnOfPage("timestamp", page)[i] as number, nanos: block.columnOfPage("nanos", page)[i] as number };
}

/** Gathers the bytes of an answer, framed as its format wants it. */
function createAnswer({ format, part }: ScanPlan) {
  const framing = part === undefined ? FRAMING[format] : { ...FRAMING[format], head: "", tail: "" };
  const buffer = spare ?? createTextBuffer(BUFFER_BYTES);
  spare = undefined;
  let rows = 0;
  let started = false;
  let last: Position | undefined;
  return {
    add(hits: Hits, wanted: number[], position: Position): void {
      const { length } = buffer;
      putText(buffer, started ? framing.separator : framing.head);
      try {
        writeRows(hits.block, hits.page, wanted, format, buffer);
      } catch (error) {
        buffer.length = length;
        throw error;
      }
      started = true;
      rows += wanted.length;
      last = position;
    },
    isFull: () => buffer.length >= CHUNK_BYTES,
    take(isEnd: boolean): SearchChunk {
      if (isEnd) {
        if (!started) putText(buffer, framing.head);
        if (started || format !== "ndjson") putText(buffer, framing.tail);
      }
      const chunk = { bytes: takeBytes(buffer), rows, last, done: isEnd };
      buffer.length = 0;
      if (isEnd && buffer.bytes.length === BUFFER_BYTES) spare = buffer;
      rows = 0;
      if (part !== undefined) started = false;
      return chunk;
    },
  };
}
