import type { Database } from "bun:sqlite";
import { BlockGone } from "./block-reader.ts";
import { newestRecordId } from "./database.ts";
import { compileFilter, type Matcher } from "./match.ts";
import { FRAMING, writeRows } from "./record-text.ts";
import type { Hits, Position, SearchChunk, SearchPlan, Step } from "./search-plan.ts";
import { walkByArrival } from "./walk-by-arrival.ts";
import { walkByTimestamp } from "./walk-by-timestamp.ts";

/** Texts are handed on in pieces of about this many UTF-16 units. */
const CHUNK_CHARACTERS = 256 * 1024;

/**
 * Runs a search: yields the answer's text in pieces, and undefined now and then in between, so that whoever drives it
 * can do other work or stop. It looks at the records there are when it starts: it ends, however fast more arrive. Blocks
 * that compaction replaces meanwhile are listed again: no record is missed or doubled.
 */
export function* search(database: Database, plan: SearchPlan): Generator<SearchChunk | undefined, void> {
  const matcher = compileFilter(plan.filter, Math.min(newestRecordId(database), plan.throughId ?? Number.POSITIVE_INFINITY));
  const answer = createAnswer(plan);
  let { after, offset, limit } = plan;
  for (let complete = false; !complete; ) {
    try {
      for (const { hits, passed } of walk(database, matcher, plan, after)) {
        if (hits === undefined) {
          after = passed ?? after;
        } else {
          const skipped = Math.min(offset, hits.rows.length);
          const wanted = hits.rows.slice(skipped, skipped + limit);
          const position = positionOf(hits, (wanted.at(-1) ?? hits.rows.at(-1)) as number, plan);
          if (wanted.length > 0) answer.add(hits, wanted, position);
          // Nothing below throws: a block that is gone was met before anything was counted.
          offset -= skipped;
          limit -= wanted.length;
          after = position;
        }
        if (limit <= 0) break;
        yield answer.isFull() ? answer.take("") : undefined;
      }
      complete = true;
    } catch (error) {
      if (!(error instanceof BlockGone)) throw error;
    }
  }
  yield answer.take("end");
}

function walk(database: Database, matcher: Matcher, plan: SearchPlan, after: Position | undefined): Iterable<Step> {
  const walkBlocks = plan.sort === "timestamp" ? walkByTimestamp : walkByArrival;
  return walkBlocks(database, matcher, plan.order, after);
}

function positionOf({ block, page }: Hits, row: number, { sort }: SearchPlan): Position {
  const id = block.meta.firstId + row;
  if (sort === "received_at") return { id, ms: 0, nanos: 0 };
  const i = row - block.pageRange(page).from;
  return { id, ms: block.columnOfPage("timestamp", page)[i] as number, nanos: block.columnOfPage("nanos", page)[i] as number };
}

/** Gathers the text of an answer, framed as its format wants it. */
function createAnswer({ format }: SearchPlan) {
  const framing = FRAMING[format];
  let texts: string[] = [];
  let characters = 0;
  let started = false;
  let last: Position | undefined;
  return {
    add(hits: Hits, rows: number[], position: Position): void {
      const before = texts.length;
      writeRows(hits.block, hits.page, rows, format, texts);
      for (let i = before; i < texts.length; i += 1) characters += (texts[i] as string).length;
      last = position;
    },
    isFull: () => characters >= CHUNK_CHARACTERS,
    take(end: "" | "end"): SearchChunk {
      const rows = texts.length;
      const lead = started ? (rows > 0 ? framing.separator : "") : framing.head;
      started = started || rows > 0;
      const tail = end === "" || (format === "ndjson" && !started) ? "" : framing.tail;
      const chunk = { text: lead + texts.join(framing.separator) + tail, rows, last };
      texts = [];
      characters = 0;
      return chunk;
    },
  };
}
