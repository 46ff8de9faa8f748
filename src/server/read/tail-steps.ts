import type { Filter } from "../../query/filter.ts";
import type { SearchPiece } from "../../store/search-plan.ts";
import type { Store } from "../../store/store.ts";
import { createTailTurns } from "./tail-turns.ts";

/** The matching records after one id and up to another, as events: at most about one piece of an answer. */
export type TailStep = { bytes: Uint8Array; throughId: number };

export type PendingStep = {
  done: Promise<TailStep>;
  /** To be called once by everyone who asked. What nobody waits for any more is not read to its end. */
  leave(): void;
};

/** Reads what comes after `afterId`, which must not be all there is. */
export type ReadTailStep = (filter: Filter, afterId: number) => PendingStep;

/** Ids that one step looks at, at most: where nothing matches, a step still ends within seconds. */
const IDS_A_STEP = 1_000_000;
/** Steps that are kept, in bytes: enough for tails that are not quite as far as the first. */
const KEPT_BYTES = 8 * 1024 * 1024;
const MAX_ENTRIES = 1000;
/** Then a step ends where it is, and the next tail has its turn. */
const PATIENCE_MS = 10;

type Entry = { done: Promise<TailStep>; bytes: number; readers: number; cancel(): void };

/**
 * Steps for many tails. Each is a search of its own, so that a reader who takes his time holds nothing; and those who
 * look for the same from the same place on share it: the first to come decides how far it goes, the others follow. They
 * take turns, and each looks for all that has come until it is its turn.
 */
export function createTailSteps(store: Pick<Store, "search" | "newestId">, turns = createTailTurns()): ReadTailStep {
  const textOfFilter = new WeakMap<Filter, string>();
  const entries = new Map<string, Entry>();
  let keptBytes = 0;

  function forget(key: string, entry: Entry): void {
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    keptBytes -= entry.bytes;
  }

  function keep(entry: Entry, { bytes }: TailStep): void {
    entry.bytes = bytes.length;
    keptBytes += bytes.length;
    for (const [key, oldest] of entries) {
      if (keptBytes <= KEPT_BYTES && entries.size <= MAX_ENTRIES) return;
      if (oldest.readers === 0) forget(key, oldest);
    }
  }

  function keyOf(filter: Filter, afterId: number): string {
    const text = textOfFilter.get(filter) ?? JSON.stringify(filter);
    textOfFilter.set(filter, text);
    return `${afterId} ${text}`;
  }

  function searchAfter(filter: Filter, afterId: number): { pieces: AsyncGenerator<SearchPiece>; throughId: number } {
    const throughId = Math.min(store.newestId(), afterId + IDS_A_STEP);
    const after = { id: afterId, ms: 0, nanos: 0 };
    const page = { offset: 0, limit: Number.POSITIVE_INFINITY, patienceMs: PATIENCE_MS } as const;
    const pieces = store.search({ filter, sort: "received_at", order: "asc", after, throughId, ...page, format: "sse" });
    return { pieces, throughId };
  }

  function start(key: string, filter: Filter, afterId: number): Entry {
    let pieces: AsyncGenerator<SearchPiece> | undefined;
    const turn = turns.take(() => {
      const search = searchAfter(filter, afterId);
      pieces = search.pieces;
      return readOne(pieces, afterId, search.throughId);
    });
    const entry: Entry = {
      done: turn.done,
      bytes: 0,
      readers: 0,
      cancel() {
        turn.leave();
        void pieces?.return(undefined);
      },
    };
    entries.set(key, entry);
    entry.done.then(
      (step) => {
        entry.cancel = () => {};
        if (entries.get(key) === entry) keep(entry, step);
      },
      // Those who wait are told; the next to come tries anew.
      () => forget(key, entry),
    );
    return entry;
  }

  return (filter, afterId) => {
    const key = keyOf(filter, afterId);
    const entry = entries.get(key) ?? start(key, filter, afterId);
    entry.readers += 1;
    return {
      done: entry.done,
      leave() {
        entry.readers -= 1;
        if (entry.readers > 0 || entry.bytes > 0) return;
        // Either it is under way, or it found nothing, which is found as quickly again.
        forget(key, entry);
        entry.cancel();
      },
    };
  };
}

async function readOne(pieces: AsyncGenerator<SearchPiece>, afterId: number, throughId: number): Promise<TailStep> {
  const { value, done } = await pieces.next();
  if (done) return { bytes: new Uint8Array(), throughId };
  if (!value.done) await pieces.return(undefined);
  // It ended before it had looked at all.
  if (value.unfinished || !value.done) return { bytes: value.bytes, throughId: value.last?.id ?? afterId };
  return { bytes: value.bytes, throughId };
}
