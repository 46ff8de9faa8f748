import { walDamaged } from "./wal-damaged.ts";
import { readWal, type WalFrame } from "./wal-frames.ts";

/** A frame (counted from 1, 0 being the header) that is not what was written, and how many there are in all. */
export type WalDamage = { frame: number; frames: number };

/** What `lookForDamage` finds, twice: while somebody writes to the log it may look damaged, but not twice in the same way. */
export function findWalDamage(databasePath: string): WalDamage | undefined {
  const first = lookForDamage(databasePath);
  const second = first && lookForDamage(databasePath);
  return second?.frame === first?.frame && second?.frames === first?.frames ? second : undefined;
}

/**
 * Looks for damage in a database's write-ahead log (https://sqlite.org/fileformat2.html, 4): SQLite itself takes what comes
 * before it and says nothing of the rest, or of a file into which some of the rest was taken already. Undefined where all is
 * well. A last commit that is damaged cannot be told from one that a power cut has cut short, and is taken for that.
 */
function lookForDamage(databasePath: string): WalDamage | undefined {
  const findIn = createWalk();
  let damaged: number | undefined;
  const header = readWal(databasePath, (frame) => {
    damaged = findIn(frame);
    return damaged === undefined;
  });
  if (header === undefined) return undefined;
  if (!header.isWhole) damaged = 0;
  return damaged === undefined ? undefined : { frame: damaged, frames: header.frames };
}

/**
 * Looks at one frame after another. Answers with the number of the first that is damaged once there is proof: a commit behind
 * it, and another frame that goes on from that. Without these it is where the log ends.
 */
function createWalk(): (frame: WalFrame) => number | undefined {
  let firstBad: number | undefined;
  let committed = false;
  return ({ number, follows, isOfThisLog, commitPages }) => {
    if (firstBad !== undefined && committed && follows) return firstBad;
    if (!follows) firstBad ??= number;
    committed = isOfThisLog && firstBad !== undefined && commitPages !== 0;
    return undefined;
  };
}

/** Throws `database_damaged` where the write-ahead log is damaged. */
export function checkWal(databasePath: string): void {
  const damage = findWalDamage(databasePath);
  if (damage !== undefined) throw walDamaged(databasePath, describeWalDamage(damage));
}

export function describeWalDamage({ frame, frames }: WalDamage): string {
  return frame === 0
    ? "the header of its write-ahead log is damaged"
    : `its write-ahead log is damaged at frame ${frame} of ${frames}`;
}
