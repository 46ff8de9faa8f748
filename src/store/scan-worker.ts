import type { Database } from "bun:sqlite";
import { openForReading } from "./database.ts";
import { count, search } from "./search.ts";
import type { SearchChunk } from "./search-plan.ts";
import type { FromScanner, ToScanner } from "./worker-messages.ts";

/** A thread that reads. Several searches may be under way: each goes on by a short turn, and stops when it is cancelled. */
declare const self: Worker;

/** How long one search may run before another, or a cancellation, gets its turn. */
const TURN_MS = 10;

let path = "";
let database: Database | undefined;
const searches = new Map<number, Generator<SearchChunk | undefined, void>>();
const encoder = new TextEncoder();

function answer(message: FromScanner, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}

/** Goes on with a search until it has a chunk to give; the next one is made when it is asked for. */
function advance(id: number): void {
  const running = searches.get(id);
  if (running === undefined) return;
  const start = performance.now();
  do {
    const { value, done } = running.next();
    if (value === undefined && !done) continue;
    if (done) searches.delete(id);
    const bytes = encoder.encode(value?.text ?? "");
    return answer({ type: "chunk", id, bytes, rows: value?.rows ?? 0, last: value?.last, done: done === true }, [bytes.buffer]);
  } while (performance.now() - start < TURN_MS);
  advanceLater(id);
}

function advanceLater(id: number): void {
  setImmediate(() => guard(id, () => advance(id)));
}

function advanceCount(id: number, running: Generator<undefined, number>): void {
  const start = performance.now();
  do {
    const { value, done } = running.next();
    if (done) return answer({ type: "counted", id, count: value });
  } while (performance.now() - start < TURN_MS);
  setImmediate(() => guard(id, () => advanceCount(id, running)));
}

function guard(id: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    searches.delete(id);
    answer({ type: "failed", id, message: (error as Error).message });
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
      return;
    case "close":
      database?.close();
      return answer({ type: "closed" });
    case "search":
      searches.set(message.id, search(reader(), message.plan));
      // Not at once: who has left already says so in the next message.
      return advanceLater(message.id);
    case "more":
      return advance(message.id);
    case "cancel":
      searches.delete(message.id);
      return;
    case "count":
      return advanceCount(message.id, count(reader(), message.filter));
  }
}

self.onmessage = ({ data }: MessageEvent<ToScanner>) => guard("id" in data ? data.id : 0, () => handle(data));
