import { LogctlError } from "../../../errors.ts";
import type { LogEvents } from "../../../log-event.ts";
import { diskFull, freeDiskBytes } from "../file/disk-room.ts";
import { watchDatabase } from "../file/private-file.ts";

/** Whether the store can do its work, and if not, why. */
export type StoreHealth = {
  /** Everything that is in the way of writing or reading; none while all is well. */
  troubles(): LogctlError[];
  /** Throws what can be known beforehand to make a write fail: no room on the disk, or a database that is gone. */
  requireWritable(): void;
  /** Throws where the database's files are not the ones that were opened: there would be answers, of what nobody has any more. */
  requirePlace(): void;
  stop(): void;
};

export type HealthOptions = {
  path: string;
  minFreeBytes: number;
  /** What the parts of the store that write know of themselves. */
  failures: () => (LogctlError | undefined)[];
  /** Why something could not be read. */
  readFailure: () => LogctlError | undefined;
  /** Called now and then while the disk is full: what may be dropped need not wait for the next minute. */
  onDiskFull: () => void;
  onEvent: LogEvents;
};

/** While all is well, writes ask the file system no more often. */
const LOOK_EVERY_MS = 50;
/** So soon the log says what has begun or ended. */
const WATCH_EVERY_MS = 1000;
/** Trouble is over once so many looks have found none: at the edge of a full disk it comes and goes. */
const LOOKS_WITHOUT = 3;

export function watchHealth({ path, minFreeBytes, failures, readFailure, onDiskFull, onEvent }: HealthOptions): StoreHealth {
  const isInPlace = watchDatabase(path);
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let known = new Set<string>();
  let looksWithout = 0;
  let toldReads: LogctlError | undefined;

  function requirePlace(): void {
    // A store that is closed says so itself: its WAL is gone with good reason.
    if (!stopped && !isInPlace()) throw gone();
  }

  function look(): LogctlError | undefined {
    const free = freeDiskBytes(path);
    return free < minFreeBytes ? diskFull(free, minFreeBytes) : undefined;
  }

  function troublesOfWriting(): LogctlError[] {
    if (!stopped && !isInPlace()) return [gone()];
    const full = look();
    // The writer may have met the same.
    const others = failures().filter((trouble) => trouble !== undefined && !(full && trouble.code === "disk_full"));
    return [full, ...others].filter((trouble) => trouble !== undefined);
  }

  function tellOfReads(): void {
    const failure = readFailure();
    if (failure !== undefined && toldReads === undefined)
      onEvent({ level: "error", event: "reads_failed", message: failure.message, fields: { reason: failure.code } });
    if (failure === undefined && toldReads !== undefined)
      onEvent({ level: "info", event: "reads_resumed", message: "records are read again" });
    toldReads = failure;
  }

  function watch(): void {
    tellOfReads();
    const now = troublesOfWriting();
    for (const trouble of now) {
      if (known.has(trouble.code)) continue;
      onEvent({ level: "error", event: "writes_refused", message: trouble.message, fields: { reason: trouble.code } });
    }
    looksWithout = now.length === 0 ? looksWithout + 1 : 0;
    if (known.size > 0 && looksWithout >= LOOKS_WITHOUT) {
      onEvent({ level: "info", event: "writes_resumed", message: "records are written again" });
      known = new Set();
    }
    for (const { code } of now) known.add(code);
    if (now.some(({ code }) => code === "disk_full")) onDiskFull();
  }

  const watching = setInterval(watch, WATCH_EVERY_MS);
  return {
    troubles: () => [...troublesOfWriting(), readFailure()].filter((trouble) => trouble !== undefined),
    requirePlace,
    requireWritable() {
      const now = performance.now();
      if (now - lookedAtMs < LOOK_EVERY_MS) return;
      requirePlace();
      const full = look();
      if (full !== undefined) throw full;
      lookedAtMs = now;
    },
    stop() {
      stopped = true;
      clearInterval(watching);
    },
  };
}

function gone(): LogctlError {
  return new LogctlError(
    "store_unavailable",
    "the database's files were deleted or replaced while it was open; start the collector again",
  );
}
