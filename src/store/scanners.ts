import { LogctlError } from "../errors.ts";
import type { Filter } from "../schema/filter.ts";
import type { SearchPiece, SearchPlan } from "./search-plan.ts";
import type { FromScanner, ToScanner } from "./worker-messages.ts";
import { startWorker, type WorkerThread } from "./worker-thread.ts";

/** The threads that read. They are started when there is first something to read. */
export type Scanners = {
  /** The answer in pieces, made no faster than they are taken; leaving the loop early ends the search. */
  search(plan: SearchPlan): AsyncGenerator<SearchPiece>;
  count(filter: Filter): Promise<number>;
  close(): Promise<void>;
};

type Scanner = { thread: WorkerThread<ToScanner, FromScanner>; waiting: Map<number, Waiting> };
type Waiting = { resolve: (message: FromScanner) => void; reject: (error: LogctlError) => void };

export function createScanners(path: string, threads: number): Scanners {
  const scanners: Scanner[] = [];
  let nextId = 1;

  function start(): Scanner {
    const scanner: Scanner = {
      thread: startWorker(new URL("./scan-worker.ts", import.meta.url)),
      waiting: new Map(),
    };
    scanner.thread.onMessage((message) => {
      const id = "id" in message ? message.id : 0;
      const entry = scanner.waiting.get(id);
      scanner.waiting.delete(id);
      if (message.type === "failed")
        entry?.reject(new LogctlError("store_unavailable", `the store cannot read: ${message.message}`));
      else entry?.resolve(message);
    });
    scanner.thread.onFailure((error) => {
      // The next search starts another.
      const at = scanners.indexOf(scanner);
      if (at >= 0) scanners.splice(at, 1);
      for (const { reject } of scanner.waiting.values()) reject(error);
      scanner.waiting.clear();
    });
    scanner.thread.post({ type: "open", path });
    scanners.push(scanner);
    return scanner;
  }

  /** An idle thread, or a new one, or else the one with the least to do. */
  function choose(): Scanner {
    const idle = scanners.find(({ waiting }) => waiting.size === 0);
    if (idle !== undefined) return idle;
    if (scanners.length < threads) return start();
    return scanners.reduce((least, scanner) => (scanner.waiting.size < least.waiting.size ? scanner : least));
  }

  function ask<Type extends FromScanner["type"]>(
    scanner: Scanner,
    id: number,
    message: ToScanner,
  ): Promise<Extract<FromScanner, { type: Type }>> {
    return new Promise((resolve, reject) => {
      scanner.waiting.set(id, { resolve: resolve as (message: FromScanner) => void, reject });
      scanner.thread.post(message);
    });
  }

  return {
    async *search(plan) {
      const scanner = choose();
      const id = nextId;
      nextId += 1;
      let done = false;
      try {
        let piece = await ask<"chunk">(scanner, id, { type: "search", id, plan });
        for (;;) {
          done = piece.done;
          if (piece.bytes.length > 0 || piece.rows > 0) yield piece;
          if (done) return;
          piece = await ask<"chunk">(scanner, id, { type: "more", id });
        }
      } finally {
        if (!done) scanner.thread.post({ type: "cancel", id });
      }
    },
    async count(filter) {
      const id = nextId;
      nextId += 1;
      return (await ask<"counted">(choose(), id, { type: "count", id, filter })).count;
    },
    async close() {
      await Promise.all(scanners.map((scanner) => ask(scanner, 0, { type: "close" })));
      for (const { thread } of scanners) thread.stop();
    },
  };
}
