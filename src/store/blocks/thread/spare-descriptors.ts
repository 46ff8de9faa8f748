import { closeSync, openSync } from "node:fs";

/** What a thread needs at most: its own, and those of its connection. */
const FOR_A_THREAD = 24;

/** Whether there are descriptors left for one more thread: Bun ends the process where it cannot start one for want of them. */
export function canStartThread(): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < FOR_A_THREAD) opened.push(openSync("/dev/null", "r"));
    return true;
  } catch {
    return false;
  } finally {
    for (const file of opened) closeSync(file);
  }
}
