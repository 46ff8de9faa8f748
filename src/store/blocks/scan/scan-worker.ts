import { fullGC } from "bun:jsc";
import type { Database } from "bun:sqlite";
import { LogctlError } from "../../../errors.ts";
import { releaseScratch } from "../../../memory/scratch.ts";
import type { DamagedBlock } from "../../damage.ts";
import type { TallyPlan } from "../../stats-plan.ts";
import { openForReading } from "../file/database.ts";
import { search } from "../search/search.ts";
import type { SearchChunk } from "../search/step.ts";
import { walkRange } from "../search/walk-range.ts";
import { isCorruption } from "../sqlite/sqlite-errors.ts";
import { createTally } from "../tally/create-tally.ts";
import type { Tally } from "../tally/tally.ts";
import { listRanges } from "./record-ranges.ts";
import type { FromScanner, ToScanner } from "./scan-messages.ts";

/** A thread that reads. Several searches and tallies may be under way: each goes on by a short turn, and stops when it is cancelled. */
declare const self: Worker;

/** How long one of these may run before another, or a cancellation, gets its turn. */
const TURN_MS = 10;
/** A thread gives back what it does not need any more when it had no work for so long, or worked so long. */
const REST_AFTER_MS = 200;
const WORK_A_COLLECTION_MS = 60;
/** Then it also lets go of what it kept unpacked for the next question, and of its compiled code. */
const RELEASE_AFTER_MS = 10_000;
/** Sooner, memory would grow less and an export take far longer: the engine throws away compiled code as well. */
const BYTES_A_COLLECTION = 48 * 1024 * 1024;

let path = "";
let database: Database | undefined;
/** Tells the main thread since when this one has been at work, so that it can go round one that does not come back. */
let turn: Float64Array = new Float64Array(1);
const searches = new Map<number, Generator<SearchChunk | undefined, void>>();
const tallies = new Map<number, Tally>();
const turns: (() => void)[] = [];
let workedMs = 0;
let resting: ReturnType<typeof setTimeout> | undefined;
const encoder = new TextEncoder();

function answer(message: FromScanner, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}

/** Says, before the answer that lacks it, which block was left out. */
function noteFor(id: number): (block: DamagedBlock) => void {
  return (block) => answer({ type: "damaged", id, block });
}

/** What was written out since garbage was last collected. */
let writtenBytes = 0;

/** Texts that were written out are garbage, of which the collector hears too late: memory would grow by hundreds of megabytes. */
function collectGarbage(bytes: number): void {
  writtenBytes += bytes;
  if (writtenBytes < BYTES_A_COLLECTION) return;
  writtenBytes = 0;
  Bun.gc(true);
}

/** Goes on with a search until it has a chunk to give; the next one is made when it is asked for. */
function advance(id: number): void {
  const running = searches.get(id);
  if (running === undefined) return;
  const start = performance.now();
  do {
    const { value } = running.next();
    if (value === undefined) continue;
    if (value.done) searches.delete(id);
    collectGarbage(value.bytes.length);
    return answer({ type: "chunk", id, ...value }, [value.bytes.buffer]);
  } while (performance.now() - start < TURN_MS);
  advanceLater(id);
}

function advanceLater(id: number): void {
  takeTurn(id, () => advance(id));
}

/** Does it when it is its turn. One turn at a time, since all that is waiting would keep a cancellation waiting. */
function takeTurn(id: number, work: () => void): void {
  clearTimeout(resting);
  if (turns.push(() => guard(id, work)) === 1) setImmediate(runTurn);
}

function runTurn(): void {
  const startedAt = performance.now();
  turn[0] = Date.now();
  turns[0]?.();
  turns.shift();
  turn[0] = 0;
  workedMs += performance.now() - startedAt;
  if (workedMs > WORK_A_COLLECTION_MS) {
    workedMs = 0;
    // At once: `Bun.gc(false)` begins so late that forty megabytes more were in use.
    fullGC();
  }
  if (turns.length > 0) setImmediate(runTurn);
  else restLater();
}

function restLater(): void {
  clearTimeout(resting);
  resting = setTimeout(() => {
    workedMs = 0;
    // What searches leave behind lies outside the engine's heap, for the most part, so that it is in no hurry to collect it.
    // Not with compiled code, without which the next search would take three times as long.
    Bun.gc(false);
    resting = setTimeout(release, RELEASE_AFTER_MS - REST_AFTER_MS);
  }, REST_AFTER_MS);
}

function release(): void {
  // Somebody who reads slowly may go on, or leave without a word that would have it looked at again.
  if (searches.size > 0 || tallies.size > 0) {
    resting = setTimeout(release, RELEASE_AFTER_MS);
    return;
  }
  releaseScratch();
  Bun.gc(true);
}

/** Goes on with a range until it is done, unless it was cancelled meanwhile. */
function advanceTally(id: number, walk: Generator<undefined, void>): void {
  if (!tallies.has(id)) return;
  const start = performance.now();
  do {
    if (walk.next().done) return answer({ type: "tallied", id });
  } while (performance.now() - start < TURN_MS);
  takeTurn(id, () => advanceTally(id, walk));
}

/** Not at once: who has left already says so in the next message. */
function startRange({ id, plan, range }: Extract<ToScanner, { type: "tally" }>): void {
  const walk = walkRange(reader(), plan.filter, range, tallyOf(id, plan).visitor, noteFor(id));
  takeTurn(id, () => advanceTally(id, walk));
}

function tallyOf(id: number, plan: TallyPlan): Tally {
  const tally = tallies.get(id) ?? createTally(plan);
  tallies.set(id, tally);
  return tally;
}

/** Gives away what the tally comes to; it is over. */
function finish(type: "collected" | "concluded", id: number, bytes: Uint8Array<ArrayBuffer>): void {
  tallies.delete(id);
  answer({ type, id, bytes }, [bytes.buffer]);
}

function collect(id: number): void {
  finish("collected", id, tallies.get(id)?.encode() ?? new Uint8Array());
}

function conclude({ id, plan, others }: Extract<ToScanner, { type: "conclude" }>): void {
  const tally = tallyOf(id, plan);
  for (const other of others) if (other.length > 0) tally.absorb(other);
  finish("concluded", id, encoder.encode(tally.answer()));
}

function forget(id: number): void {
  searches.delete(id);
  tallies.delete(id);
}

function guard(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    forget(id);
    if (error instanceof LogctlError && error.code !== "database_unusable") {
      const { code, message, field } = error;
      return answer({ type: "refused", id, code, message, field });
    }
    answer({ type: "failed", id, message: (error as Error).message, isDamage: isCorruption(error) });
  }
}

/** The connection, made when it is first needed: whoever asks hears why there is none. */
function reader(): Database {
  database ??= openForReading(path);
  return database;
}

function handle(message: ToScanner): void {
  switch (message.type) {
    case "open":
      path = message.path;
      turn = new Float64Array(message.turn);
      return;
    case "close":
      clearTimeout(resting);
      database?.close();
      return answer({ type: "closed" });
    case "search":
      searches.set(message.id, search(reader(), message.plan, noteFor(message.id)));
      // Not at once: who has left already says so in the next message.
      return advanceLater(message.id);
    case "more":
      return advance(message.id);
    case "cancel":
      return forget(message.id);
    case "list": {
      const { id, filter, parts, within } = message;
      return answer({ type: "listed", id, ranges: listRanges(reader(), filter, parts, within) });
    }
    case "tally":
      return startRange(message);
    // By turns, after which garbage is collected: these leave more of it than anything else.
    case "collect":
      return takeTurn(message.id, () => collect(message.id));
    case "conclude":
      return takeTurn(message.id, () => conclude(message));
  }
}

self.onmessage = ({ data }: MessageEvent<ToScanner>) => {
  turn[0] = Date.now();
  guard("id" in data ? data.id : 0, () => handle(data));
  turn[0] = 0;
};
