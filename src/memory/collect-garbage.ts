import { fullGC } from "bun:jsc";

/** What work on less leaves behind is not worth the 10 ms that a collection takes. */
const LEAST_BYTES = 4 * 1024 * 1024;

/**
 * Collects garbage at once behind work on so many bytes of text: what it leaves behind must not stay beside what comes next, and the
 * engine hears of it too late.
 */
export function collectAfter(bytes: number): void {
  if (bytes >= LEAST_BYTES) fullGC();
}
