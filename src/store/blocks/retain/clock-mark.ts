import type { Database } from "bun:sqlite";
import { readFileSync } from "node:fs";
import type { ClockMark } from "../../../steady-clock.ts";
import { newestReceivedMs } from "../block/block-catalog.ts";
import { markDatabase } from "../file/database.ts";

const NAMES: Record<keyof ClockMark, string> = {
  timeMs: "clock_time_ms",
  ranMs: "clock_ran_ms",
  aheadMs: "clock_ahead_ms",
  uptimeMs: "clock_uptime_ms",
  boot: "clock_boot",
};

export function markClock(database: Database, mark: ClockMark): void {
  const values = Object.entries(NAMES).map(([field, name]) => [name, mark[field as keyof ClockMark]]);
  markDatabase(database, Object.fromEntries(values));
}

/** Undefined where the clock was never marked and there is no record; of a database from before there were marks its newest record is one. */
export function readClockMark(database: Database): ClockMark | undefined {
  const values = new Map(
    database
      .query<{ name: string; value: number }, []>("SELECT name, value FROM mark WHERE name LIKE 'clock_%'")
      .all()
      .map(({ name, value }) => [name, value]),
  );
  const entries = Object.entries(NAMES).map(([field, name]) => [field, values.get(name)] as const);
  if (entries.every(([, value]) => value !== undefined)) return Object.fromEntries(entries) as ClockMark;
  const timeMs = newestReceivedMs(database);
  return timeMs === undefined ? undefined : { timeMs, ranMs: 0, aheadMs: 0, uptimeMs: 0, boot: 0 };
}

/** Tells one start of this machine from another (Linux: proc(5), boot_id); 0 where it cannot be told. */
export function readBoot(): number {
  try {
    return Bun.hash.crc32(readFileSync("/proc/sys/kernel/random/boot_id"));
  } catch {
    return 0;
  }
}
