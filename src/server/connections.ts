import { readdirSync, readFileSync } from "node:fs";
import { LogctlError } from "../errors.ts";

/**
 * How many connections there are, and may be: Bun takes all that come, up to the limit of open files, at which no file could be
 * opened and no thread started.
 */
export type Connections = {
  /** As of the last look: what the process has opened since it began to listen. */
  count(): number;
  /** Undefined where the limit of open files is not known. */
  limit: number | undefined;
  /** Counts again; answers whether there are too many. */
  look(): boolean;
  /** Whether there were too many at the last look. */
  isFull(): boolean;
  /** Throws `too_many_connections` where there are too many: a client whose connection is then closed makes room. */
  check(): void;
};

/** Kept for files, threads and connections to others. */
const LEAST_RESERVE = 64;
const RESERVE_PART = 0.1;
/** At the least there are so many connections, whatever the limit of open files. */
const LEAST_LIMIT = 8;
/** Near the limit they are counted anew after so long, and else when somebody looks. */
const LOOK_AGAIN_MS = 50;
const NEAR_PART = 0.75;

export type ConnectionsOptions = {
  /** How many files and sockets the process has open; undefined where that cannot be told. */
  countOpen?: () => number | undefined;
  /** How many it may have. */
  maxOpen?: number | undefined;
  /** Milliseconds, from any start. */
  now: () => number;
};

/** To be made once everything is open that stays open. */
export function createConnections({ countOpen = countOpenFiles, maxOpen = readMaxOpen(), now }: ConnectionsOptions): Connections {
  const openedBefore = countOpen();
  const isKnown = openedBefore !== undefined && maxOpen !== undefined;
  const limit = isKnown ? limitOf(maxOpen, openedBefore) : undefined;
  let count = 0;
  let lookedAtMs = now();

  function look(): boolean {
    if (limit === undefined || openedBefore === undefined) return false;
    lookedAtMs = now();
    // Where not even the folder of them can be opened there are as many as there can be.
    count = Math.max(0, (countOpen() ?? maxOpen ?? 0) - openedBefore);
    return isFull();
  }

  const isFull = () => limit !== undefined && count > limit;

  return {
    count: () => count,
    limit,
    look,
    isFull,
    check() {
      if (limit === undefined || count < limit * NEAR_PART) return;
      if (now() - lookedAtMs >= LOOK_AGAIN_MS) look();
      if (!isFull()) return;
      throw new LogctlError("too_many_connections", `more than ${limit} connections are open; send this again in a moment`, {
        retryAfterS: 1,
      });
    },
  };
}

function limitOf(maxOpen: number, openedBefore: number): number {
  const reserve = Math.max(LEAST_RESERVE, Math.floor(maxOpen * RESERVE_PART));
  return Math.max(LEAST_LIMIT, maxOpen - openedBefore - reserve);
}

function countOpenFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}

/** The limit that holds for this process (Linux, proc_pid_limits(5)); undefined elsewhere, or where there is none. */
function readMaxOpen(): number | undefined {
  try {
    const soft = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
