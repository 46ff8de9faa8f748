import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { compileFixture } from "./faults.ts";

/** A clock that can be set for one program only. */
export type FalseClock = {
  /** What the program's environment must have. */
  env: Record<string, string>;
  /** Sets the clock ahead by so many seconds, or back. */
  set(offsetS: number): void;
};

/** Undefined where there is no C compiler. */
export function makeFalseClock(folder: string): FalseClock | undefined {
  const library = compileFixture(folder, "clock-offset");
  if (library === undefined) return undefined;
  const path = join(folder, "clock-offset");
  const text = (offsetS: number) => `${Math.round(offsetS)}`.padEnd(31);
  writeFileSync(path, `${text(0)}\n`);
  return {
    env: { LD_PRELOAD: library, CLOCK_OFFSET: path },
    set(offsetS) {
      // In place: the program has the file mapped.
      const file = openSync(path, "r+");
      writeSync(file, text(offsetS), 0);
      closeSync(file);
    },
  };
}
