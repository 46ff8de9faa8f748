import type { OutputStream } from "../../context.ts";

export type ProgressLine = {
  /** Shows what `text` says now, unless the last change is too recent to be read. */
  show(text: () => string): void;
  /** Takes the line away, for others to be written. */
  clear(): void;
};

const MIN_BETWEEN_MS = 100;
const CLEAR_LINE = "\r\u001b[K";

/** One line that is rewritten in place on a terminal; nothing at all elsewhere. `now` is in milliseconds. */
export function createProgressLine(stream: OutputStream, now: () => number): ProgressLine {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const nowMs = now();
      if (!stream.isTTY || Math.abs(nowMs - shownAtMs) < MIN_BETWEEN_MS) return;
      shownAtMs = nowMs;
      // A line that wraps could not be rewritten.
      stream.write(CLEAR_LINE + text().slice(0, (stream.columns ?? 80) - 1));
    },
    clear() {
      if (stream.isTTY) stream.write(CLEAR_LINE);
    },
  };
}
