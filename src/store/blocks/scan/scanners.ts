import type { LogctlError } from "../../../errors.ts";
import { NO_FILTER } from "../../../query/filter.ts";
import type { NoteDamage } from "../../damage.ts";
import type { SearchPiece, SearchPlan } from "../../search-plan.ts";
import { hasGroups, type TallyPlan } from "../../stats-plan.ts";
import type { Store } from "../../store.ts";
import type { RecordRange } from "../search/record-range.ts";
import type { ScanPlan } from "../search/step.ts";
import { startWorker } from "../thread/worker-thread.ts";
import { createAdmission } from "./admit-searches.ts";
import type { FromScanner } from "./scan-messages.ts";
import { createScanThreads, errorOf, type Scanner, type ScannerThread } from "./scan-threads.ts";
import { createSlots } from "./semaphore.ts";
import { isWorthSpreading, spreadSearch } from "./spread-search.ts";
import { RANGES_A_THREAD, spreadTally, type TallyThread } from "./spread-tally.ts";

/**
 * The threads that read. They are started by `warm`, or else when there is first something to read. What they cannot read of damaged blocks is left
 * out, and `note` told before the piece, or the answer, that lacks it is there.
 */
export type Scanners = Pick<Store, "warm" | "search" | "tally"> & {
  /** What is under way, and what waits for its turn. */
  counts(): { pages: number; streams: number; tallies: number; waiting: number };
  /** Why something could not be read, until something can be; for good where the file is damaged. */
  failure(): LogctlError | undefined;
  close(): Promise<void>;
};

/** So many tallies that hold groups, each up to some tens of MB in each thread, are under way at one time; others wait. */
const MAX_GROUPINGS = 4;
/** Of those that hold a number only. */
const MAX_COUNTS = 32;
/** That more of them wait is refused. */
const MAX_WAITING = 256;
/** What the collector asks itself. */
const NOBODY = 0;

export type { ScannerThread };

/** A search that was given to a thread which does not come back is given to another; this often is looked whether it was. */
const LOOK_EVERY_MS = 20;

/** Reads the database at `path` with up to so many threads. `onDamaged` is told of all damage that they meet. Everything fails with `store_unavailable` where they cannot. */
export function createScanners(
  path: string,
  threads: number,
  onDamaged: NoteDamage,
  startThread: () => ScannerThread = () => startWorker(new URL("./scan-worker.ts", import.meta.url)),
): Scanners {
  const groupings = createSlots(MAX_GROUPINGS, MAX_WAITING);
  const plainCounts = createSlots(MAX_COUNTS, MAX_WAITING);
  const admission = createAdmission();
  // Who is told of what is left out, by the id of what was asked.
  const notes = new Map<number, NoteDamage>();
  let nextId = 1;
  let failure: LogctlError | undefined;
  let isDamaged = false;

  function noteOutcome(message: FromScanner): void {
    if (message.type === "failed") {
      failure = isDamaged ? failure : errorOf(message);
      isDamaged ||= message.isDamage === true;
    } else if (!isDamaged && (message.type === "concluded" || (message.type === "chunk" && message.done))) failure = undefined;
  }

  const scanThreads = createScanThreads(path, threads, startThread, (message) => {
    if (message.type !== "damaged") {
      noteOutcome(message);
      return true;
    }
    onDamaged(message.block);
    notes.get(message.id)?.(message.block);
    return false;
  });
  const { ask, choose, cancel } = scanThreads;

  function threadOf(scanner: Scanner, id: number): TallyThread {
    scanner.jobs.add(id);
    return { ask: (message) => ask(scanner, id, message), cancel: () => cancel(scanner, id) };
  }

  async function spread(plan: TallyPlan, signal?: AbortSignal, note?: NoteDamage): Promise<Uint8Array> {
    const id = nextId;
    nextId += 1;
    if (note !== undefined) notes.set(id, note);
    const taken = new Set<Scanner>();
    const takeThread = () => {
      const scanner = choose(taken);
      taken.add(scanner);
      return threadOf(scanner, id);
    };
    return spreadTally({ id, plan, threads, takeThread, signal }).finally(() => {
      notes.delete(id);
      for (const scanner of taken) scanner.jobs.delete(id);
    });
  }

  function searchWhole(plan: ScanPlan, note?: NoteDamage): AsyncGenerator<SearchPiece> {
    const isPart = plan.part !== undefined;
    const id = nextId;
    nextId += 1;
    let scanner: Scanner;
    give(isPart ? choose() : scanThreads.chooseFirst());
    if (note !== undefined) notes.set(id, note);
    const pieces = readPieces();
    const leave = pieces.return.bind(pieces);
    pieces.return = (value) => {
      // The generator itself would hear of it only with the next piece, which may be minutes away.
      const entry = scanner.waiting.get(id);
      cancel(scanner, id);
      entry?.resolve({ type: "chunk", id, bytes: new Uint8Array(), rows: 0, last: undefined, done: true });
      return leave(value);
    };
    return pieces;

    function give(to: Scanner): void {
      scanner = to;
      to.jobs.add(id);
    }

    /** The first piece, from a thread that begins with it soon. */
    async function begin(): Promise<SearchPiece> {
      let askedAtMs = Date.now();
      const first = Promise.withResolvers<SearchPiece>();
      const put = () => ask<"chunk">(scanner, id, { type: "search", id, plan }).then(first.resolve, first.reject);
      void put();
      const looking = isPart ? undefined : setInterval(look, LOOK_EVERY_MS);
      return first.promise.finally(() => clearInterval(looking));

      function look(): void {
        if (!scanThreads.isHeldUp(scanner, askedAtMs)) return;
        const other = scanThreads.chooseFirst();
        if (other === scanner) return;
        cancel(scanner, id);
        give(other);
        askedAtMs = Date.now();
        void put();
      }
    }

    async function* readPieces(): AsyncGenerator<SearchPiece> {
      let done = false;
      try {
        let piece = await begin();
        for (;;) {
          done = piece.done;
          if (piece.bytes.length > 0 || piece.rows > 0 || piece.unfinished) yield piece;
          if (done) return;
          piece = await ask<"chunk">(scanner, id, { type: "more", id });
        }
      } finally {
        notes.delete(id);
        if (done) scanner.jobs.delete(id);
        else cancel(scanner, id);
      }
    }
  }

  async function listRanges({ filter }: SearchPlan, within: RecordRange): Promise<RecordRange[]> {
    const id = nextId;
    nextId += 1;
    const parts = threads * RANGES_A_THREAD;
    return (await ask<"listed">(choose(), id, { type: "list", id, filter, parts, within })).ranges;
  }

  async function warm(): Promise<void> {
    const question = { filter: NO_FILTER, parts: 1, within: { fromId: 0, toId: 0 } };
    await Promise.all(
      scanThreads.startAll().map((scanner) => {
        const id = nextId;
        nextId += 1;
        return ask(scanner, id, { type: "list", id, ...question });
      }),
    );
  }

  return {
    warm,
    search(plan, note) {
      return admission.admit(plan, () => {
        if (threads === 1 || !isWorthSpreading(plan)) return searchWhole(plan, note);
        const searchRange = (part: ScanPlan) => searchWhole(part, note);
        return spreadSearch({ plan, threads, listRanges: (within) => listRanges(plan, within), searchRange });
      });
    },
    async tally(plan, signal, note) {
      const slots = plan.kind === "stats" && !hasGroups(plan) ? plainCounts : groupings;
      const { reader = NOBODY } = plan;
      const release = slots.takeFree(reader) ?? (await slots.take(reader, signal));
      return spread(plan, signal, note).finally(release);
    },
    counts() {
      const { pages, streams, waiting } = admission.counts();
      const tallies = groupings.taken() + plainCounts.taken();
      return { pages, streams, tallies, waiting: waiting + groupings.waiting() + plainCounts.waiting() };
    },
    failure: () => failure,
    close: scanThreads.close,
  };
}
