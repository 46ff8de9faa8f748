import { closeSync, fdatasyncSync, mkdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openOwnFile } from "./own-files.ts";
import { syncFolder } from "./spool-segment.ts";

/**
 * Keeps bytes that cannot be read in a file of their own among the dead, behind a line of JSON with the reason and where they come
 * from (`name`). No file that is there is written over. All is on the disk then. Fails as the file system does.
 */
export function keepUnreadable(deadFolder: string, name: string, about: Record<string, unknown>, bytes: Uint8Array): void {
  mkdirSync(deadFolder, { recursive: true, mode: 0o700 });
  const descriptor = makeFile(deadFolder, `damaged-${name}`);
  try {
    for (const part of [new TextEncoder().encode(`${JSON.stringify(about)}\n`), bytes]) {
      for (let done = 0; done < part.length; ) done += writeSync(descriptor, part, done);
    }
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncFolder(deadFolder);
}

function makeFile(folder: string, name: string): number {
  for (let number = 1; ; number += 1) {
    try {
      return openOwnFile(join(folder, number === 1 ? name : `${name}-${number}`), "make");
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
  }
}
