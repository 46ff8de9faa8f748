import { LogctlError } from "../../../errors.ts";
import type { FailureMessage } from "../thread/messages.ts";
import { canStartThread } from "../thread/spare-descriptors.ts";
import type { WorkerThread } from "../thread/worker-thread.ts";
import type { FromScanner, RefusalMessage, ToScanner } from "./scan-messages.ts";

export type ScannerThread = WorkerThread<ToScanner, FromScanner>;

type Waiting = { resolve: (message: FromScanner) => void; reject: (error: LogctlError) => void };

/** A thread that reads, as the main thread sees it. */
export type Scanner = {
  thread: ScannerThread;
  waiting: Map<number, Waiting>;
  /** What it has in hand: searches and tallies that are not over. */
  jobs: Set<number>;
  /** Since when it has been at work without a pause, in ms since the epoch; 0 while it is not. */
  turn: Float64Array;
  /** Takes only searches that begin. */
  isSpare: boolean;
  /** Why it answers no more. */
  ended?: LogctlError;
};

/**
 * The threads that read. One page of a hard query, one long text even, can take a thread for seconds: to one that does not come
 * back nothing more is given, and searches that begin go to spare threads, among which the system shares the processors.
 */
export type ScanThreads = {
  /** For a part of what is under way: an idle thread, a new one, or else the one with the least to do; none that is `taken`, of which there are fewer. */
  choose(taken?: ReadonlySet<Scanner>): Scanner;
  /** For a search that begins: one that is idle, if need be a spare one. */
  chooseFirst(): Scanner;
  ask<Type extends FromScanner["type"]>(
    scanner: Scanner,
    id: number,
    message: ToScanner,
  ): Promise<Extract<FromScanner, { type: Type }>>;
  /** Whether a thread has been at it since before `sinceMs`, so that it has not begun with what was asked then. */
  isHeldUp(scanner: Scanner, sinceMs: number): boolean;
  /** Has a thread stop with a job; ends the thread where it goes on for nobody. */
  cancel(scanner: Scanner, id: number): void;
  /** Starts those that should be there before anybody asks. */
  startAll(): Scanner[];
  close(): Promise<void>;
};

const STUCK_AFTER_MS = 25;
const SPARES_AT_HAND = 1;
const MAX_SPARES = 6;
/** So long after its only client has left, a thread that is still at it is ended. */
const ENDED_AFTER_MS = 300;

/** `take` is told of every message first; false keeps it from whoever asked. */
export function createScanThreads(
  path: string,
  threads: number,
  startThread: () => ScannerThread,
  take: (message: FromScanner) => boolean,
): ScanThreads {
  const scanners: Scanner[] = [];
  let closed = false;

  function start(isSpare = false): Scanner {
    const turn = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    const scanner: Scanner = {
      thread: startThread(),
      waiting: new Map(),
      jobs: new Set(),
      turn: new Float64Array(turn),
      isSpare,
    };
    scanner.thread.onMessage((message) => {
      if (!take(message)) return;
      const id = "id" in message ? message.id : 0;
      const entry = scanner.waiting.get(id);
      scanner.waiting.delete(id);
      if (message.type === "failed" || message.type === "refused") entry?.reject(errorOf(message));
      else entry?.resolve(message);
    });
    scanner.thread.onFailure((error) => {
      // The next search starts another.
      forget(scanner, error);
    });
    scanner.thread.post({ type: "open", path, turn });
    scanners.push(scanner);
    return scanner;
  }

  function forget(scanner: Scanner, reason: LogctlError): void {
    const at = scanners.indexOf(scanner);
    if (at >= 0) scanners.splice(at, 1);
    scanner.ended = reason;
    for (const { reject } of scanner.waiting.values()) reject(reason);
    scanner.waiting.clear();
  }

  function isStuck({ turn: [since = 0] }: Scanner): boolean {
    return since !== 0 && Date.now() - since > STUCK_AFTER_MS;
  }

  function isFree(scanner: Scanner): boolean {
    return scanner.waiting.size === 0 && !isStuck(scanner);
  }

  function leastBusy(among: Scanner[]): Scanner {
    const moving = among.filter((scanner) => !isStuck(scanner));
    const from = moving.length > 0 ? moving : among;
    return from.reduce((least, scanner) => (scanner.waiting.size < least.waiting.size ? scanner : least));
  }

  function choose(taken: ReadonlySet<Scanner> = new Set()): Scanner {
    if (closed) throw closedError();
    const ordinary = scanners.filter(({ isSpare }) => !isSpare);
    const left = ordinary.filter((scanner) => !taken.has(scanner));
    const free = left.find(isFree);
    if (free !== undefined) return free;
    if (ordinary.length < threads && canStartThread()) return start();
    if (scanners.length > 0) return leastBusy(left.length > 0 ? left : scanners);
    throw new LogctlError("overloaded", "too many files and connections are open to begin a search; send this again later", {
      retryAfterS: 1,
    });
  }

  function endUnlessUseful(scanner: Scanner): void {
    const since = scanner.turn[0];
    const isOfNoUse = () => scanner.jobs.size === 0 && scanner.waiting.size === 0 && scanner.turn[0] === since;
    if (since === 0 || !isOfNoUse()) return;
    setTimeout(() => {
      if (closed || scanner.ended !== undefined || !isOfNoUse()) return;
      forget(scanner, closedError());
      scanner.thread.stop();
      if (!scanner.isSpare && canStartThread()) start();
    }, ENDED_AFTER_MS);
  }

  function ask<Type extends FromScanner["type"]>(scanner: Scanner, id: number, message: ToScanner) {
    return new Promise<Extract<FromScanner, { type: Type }>>((resolve, reject) => {
      if (scanner.ended !== undefined) return reject(scanner.ended);
      scanner.waiting.set(id, { resolve: resolve as (message: FromScanner) => void, reject });
      scanner.thread.post(message);
    });
  }

  return {
    choose,
    chooseFirst() {
      const scanner = choose();
      if (isFree(scanner)) return scanner;
      const free = scanners.find(isFree);
      if (free !== undefined) return free;
      const spares = scanners.filter(({ isSpare }) => isSpare).length;
      if (scanners.every(isStuck) && spares < MAX_SPARES && canStartThread()) return start(true);
      return leastBusy(scanners);
    },
    ask,
    isHeldUp: (scanner, sinceMs) => isStuck(scanner) && (scanner.turn[0] as number) <= sinceMs,
    cancel(scanner, id) {
      scanner.waiting.delete(id);
      if (!scanner.jobs.delete(id) || scanner.ended !== undefined) return;
      scanner.thread.post({ type: "cancel", id });
      endUnlessUseful(scanner);
    },
    startAll() {
      while (scanners.length < threads) start();
      for (let spare = 0; spare < SPARES_AT_HAND; spare += 1) start(true);
      return scanners;
    },
    async close() {
      closed = true;
      await Promise.all(
        [...scanners].map(async (scanner) => {
          // A thread that has stopped, or stops now, has nothing to close.
          await ask(scanner, 0, { type: "close" }).catch(() => {});
          forget(scanner, closedError());
          scanner.thread.stop();
        }),
      );
    },
  };
}

export function errorOf(message: FailureMessage | RefusalMessage): LogctlError {
  if (message.type === "failed") return new LogctlError("store_unavailable", `the store cannot read: ${message.message}`);
  const { code, message: text, field } = message;
  return new LogctlError(code, text, field === undefined ? {} : { field });
}

function closedError(): LogctlError {
  return new LogctlError("store_unavailable", "the store is closed");
}
