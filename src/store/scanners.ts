import { LogctlError } from "../errors.ts";
import { NO_FILTER } from "../schema/filter.ts";
import { createAdmission } from "./admit-searches.ts";
import type { NoteDamage } from "./block-damage.ts";
import type { SearchPiece, SearchPlan } from "./search-plan.ts";
import { createSlots } from "./slots.ts";
import { isWorthSpreading, spreadSearch } from "./spread-search.ts";
import { RANGES_A_THREAD, spreadTally, type TallyThread } from "./spread-tally.ts";
import { hasGroups, type RecordRange, type TallyPlan } from "./stats-plan.ts";
import type { FailureMessage, FromScanner, RefusalMessage, ToScanner } from "./worker-messages.ts";
import { startWorker, type WorkerThread } from "./worker-thread.ts";

/**
 * The threads that read. They are started by `warm`, or else when there is first something to read. What they cannot read of damaged blocks is left
 * out, and `note` told before the piece, or the answer, that lacks it is there.
 */
export type Scanners = {
  /**
   * Starts every thread and opens its connection. What is needed later must be there before somebody else may take the last
   * descriptor: Bun ends the process where a thread cannot be started for want of one.
   */
  warm(): Promise<void>;
  /** The answer in pieces, made no faster than they are taken. `return` ends the search at once, also while a piece is waited for. */
  search(plan: SearchPlan, note?: NoteDamage): AsyncGenerator<SearchPiece>;
  /** The answer as UTF-8, worked out by all threads there may be. Throws `interrupted` as soon as `signal` is aborted. */
  tally(plan: TallyPlan, signal?: AbortSignal, note?: NoteDamage): Promise<Uint8Array>;
  /** What is under way, and what waits for its turn. */
  counts(): { pages: number; streams: number; tallies: number; waiting: number };
  /** Why something could not be read, until something can be; for good where the file is damaged. */
  failure(): LogctlError | undefined;
  close(): Promise<void>;
};

type Scanner = {
  thread: ScannerThread;
  waiting: Map<number, Waiting>;
  /** Why it answers no more. */
  ended?: LogctlError;
};
/** So many tallies that hold groups, each up to some tens of MB in each thread, are under way at one time; others wait. */
const MAX_GROUPINGS = 4;
/** Of those that hold a number only. */
const MAX_COUNTS = 32;
/** That more of them wait is refused. */
const MAX_WAITING = 256;

type Waiting = { resolve: (message: FromScanner) => void; reject: (error: LogctlError) => void };

export type ScannerThread = WorkerThread<ToScanner, FromScanner>;

/** Reads the database at `path` with up to so many threads. `onDamaged` is told of all damage that they meet. Everything fails with `store_unavailable` where they cannot. */
export function createScanners(
  path: string,
  threads: number,
  onDamaged: NoteDamage,
  startThread: () => ScannerThread = () => startWorker(new URL("./scan-worker.ts", import.meta.url)),
): Scanners {
  const scanners: Scanner[] = [];
  const groupings = createSlots(MAX_GROUPINGS, MAX_WAITING);
  const plainCounts = createSlots(MAX_COUNTS, MAX_WAITING);
  const admission = createAdmission();
  // Who is told of what is left out, by the id of what was asked.
  const notes = new Map<number, NoteDamage>();
  let nextId = 1;
  let closed = false;
  let failure: LogctlError | undefined;
  let isDamaged = false;

  function noteOutcome(message: FromScanner): void {
    if (message.type === "failed") {
      failure = isDamaged ? failure : errorOf(message);
      isDamaged ||= message.isDamage === true;
    } else if (!isDamaged && (message.type === "concluded" || (message.type === "chunk" && message.done))) failure = undefined;
  }

  function start(): Scanner {
    const scanner: Scanner = {
      thread: startThread(),
      waiting: new Map(),
    };
    scanner.thread.onMessage((message) => {
      if (message.type === "damaged") {
        onDamaged(message.block);
        notes.get(message.id)?.(message.block);
        return;
      }
      noteOutcome(message);
      const id = "id" in message ? message.id : 0;
      const entry = scanner.waiting.get(id);
      scanner.waiting.delete(id);
      if (message.type === "failed" || message.type === "refused") entry?.reject(errorOf(message));
      else entry?.resolve(message);
    });
    scanner.thread.onFailure((error) => {
      // The next search starts another.
      const at = scanners.indexOf(scanner);
      if (at >= 0) scanners.splice(at, 1);
      end(scanner, error);
    });
    scanner.thread.post({ type: "open", path });
    scanners.push(scanner);
    return scanner;
  }

  function end(scanner: Scanner, reason: LogctlError): void {
    scanner.ended = reason;
    for (const { reject } of scanner.waiting.values()) reject(reason);
    scanner.waiting.clear();
  }

  /** An idle thread, or a new one, or else the one with the least to do; none that is `taken`. There are fewer of these than threads. */
  function choose(taken: ReadonlySet<Scanner> = new Set()): Scanner {
    if (closed) throw closedError();
    const free = scanners.filter((scanner) => !taken.has(scanner));
    const idle = free.find(({ waiting }) => waiting.size === 0);
    if (idle !== undefined) return idle;
    if (scanners.length < threads) return start();
    return free.reduce((least, scanner) => (scanner.waiting.size < least.waiting.size ? scanner : least));
  }

  function threadOf(scanner: Scanner, id: number): TallyThread {
    return {
      ask: (message) => ask(scanner, id, message),
      cancel() {
        scanner.waiting.delete(id);
        if (scanner.ended === undefined) scanner.thread.post({ type: "cancel", id });
      },
    };
  }

  function ask<Type extends FromScanner["type"]>(
    scanner: Scanner,
    id: number,
    message: ToScanner,
  ): Promise<Extract<FromScanner, { type: Type }>> {
    return new Promise((resolve, reject) => {
      if (scanner.ended !== undefined) return reject(scanner.ended);
      scanner.waiting.set(id, { resolve: resolve as (message: FromScanner) => void, reject });
      scanner.thread.post(message);
    });
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
    return spreadTally({ id, plan, threads, takeThread, signal }).finally(() => notes.delete(id));
  }

  async function* readPieces(scanner: Scanner, id: number, plan: SearchPlan): AsyncGenerator<SearchPiece> {
    let done = false;
    try {
      let piece = await ask<"chunk">(scanner, id, { type: "search", id, plan });
      for (;;) {
        done = piece.done;
        if (piece.bytes.length > 0 || piece.rows > 0 || piece.unfinished) yield piece;
        if (done) return;
        piece = await ask<"chunk">(scanner, id, { type: "more", id });
      }
    } finally {
      notes.delete(id);
      if (!done) scanner.thread.post({ type: "cancel", id });
    }
  }

  function searchWhole(plan: SearchPlan, note?: NoteDamage): AsyncGenerator<SearchPiece> {
    const scanner = choose();
    const id = nextId;
    nextId += 1;
    if (note !== undefined) notes.set(id, note);
    const pieces = readPieces(scanner, id, plan);
    const leave = pieces.return.bind(pieces);
    pieces.return = (value) => {
      // The generator itself would hear of it only with the next piece, which may be minutes away.
      const entry = scanner.waiting.get(id);
      scanner.waiting.delete(id);
      if (entry !== undefined) scanner.thread.post({ type: "cancel", id });
      entry?.resolve({ type: "chunk", id, bytes: new Uint8Array(), rows: 0, last: undefined, done: true });
      return leave(value);
    };
    return pieces;
  }

  async function listRanges({ filter }: SearchPlan, within: RecordRange): Promise<RecordRange[]> {
    const id = nextId;
    nextId += 1;
    const parts = threads * RANGES_A_THREAD;
    return (await ask<"listed">(choose(), id, { type: "list", id, filter, parts, within })).ranges;
  }

  async function warm(): Promise<void> {
    while (scanners.length < threads) start();
    const question = { filter: NO_FILTER, parts: 1, within: { fromId: 0, toId: 0 } };
    await Promise.all(
      scanners.map((scanner) => {
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
        const searchRange = (part: SearchPlan) => searchWhole(part, note);
        return spreadSearch({ plan, threads, listRanges: (within) => listRanges(plan, within), searchRange });
      });
    },
    async tally(plan, signal, note) {
      const slots = plan.kind === "stats" && !hasGroups(plan) ? plainCounts : groupings;
      const release = slots.takeFree() ?? (await slots.take(signal));
      return spread(plan, signal, note).finally(release);
    },
    counts() {
      const { pages, streams, waiting } = admission.counts();
      const tallies = groupings.taken() + plainCounts.taken();
      return { pages, streams, tallies, waiting: waiting + groupings.waiting() + plainCounts.waiting() };
    },
    failure: () => failure,
    async close() {
      closed = true;
      await Promise.all(
        scanners.map(async (scanner) => {
          // A thread that has stopped, or stops now, has nothing to close.
          await ask(scanner, 0, { type: "close" }).catch(() => {});
          end(scanner, closedError());
          scanner.thread.stop();
        }),
      );
    },
  };
}

function errorOf(message: FailureMessage | RefusalMessage): LogctlError {
  if (message.type === "failed") return new LogctlError("store_unavailable", `the store cannot read: ${message.message}`);
  const { code, message: text, field } = message;
  return new LogctlError(code, text, field === undefined ? {} : { field });
}

function closedError(): LogctlError {
  return new LogctlError("store_unavailable", "the store is closed");
}
