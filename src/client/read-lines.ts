import { MAX_RECORD_BYTES } from "../schema/limits.ts";

/** A line without its end. */
export type Line = {
  text: string;
  /** Bytes that are no UTF-8 were replaced by U+FFFD. */
  invalidUtf8: boolean;
  /** What came after the longest line that is kept is missing. */
  cut: boolean;
};

/** Even with every character escaped, a record of this length is over the collector's limit. */
const MAX_LINE_BYTES = 8 * MAX_RECORD_BYTES;

const FIRST_PENDING_BYTES = 64 * 1024;
const NEWLINE = 10;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * The lines of a stream of bytes, those that each chunk completes together. Ends are `\n` or `\r\n`; a last line without
 * one counts, a byte order mark does not. Of a line longer than `maxLineBytes` (its `\r` counts) only the start is kept,
 * so that memory is bounded whatever comes, and however small the pieces in which it comes.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxLineBytes = MAX_LINE_BYTES): AsyncGenerator<Line[]> {
  const pending = createPendingLine(maxLineBytes + 1);
  let isFirst = true;

  function finish(lines: Line[]): Line[] {
    const [first] = lines;
    if (isFirst && first?.text.startsWith("\ufeff")) first.text = first.text.slice(1);
    isFirst = false;
    return lines;
  }

  for await (const chunk of chunks) {
    let start = 0;
    const lines: Line[] = [];
    if (pending.length() > 0) {
      const end = chunk.indexOf(NEWLINE);
      pending.add(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) continue;
      lines.push(decodeLine(pending.take(), maxLineBytes));
      start = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= start) {
      for (const line of decodeLines(chunk.subarray(start, last), maxLineBytes)) lines.push(line);
      start = last + 1;
    }
    pending.add(chunk.subarray(start));
    if (lines.length > 0) yield finish(lines);
  }
  if (pending.length() > 0) yield finish([decodeLine(pending.take(), maxLineBytes)]);
}

/** The bytes of a line whose end has not come yet, copied, since they outlive their chunk; what exceeds `maxBytes` is dropped. */
function createPendingLine(maxBytes: number) {
  let buffer = new Uint8Array(Math.min(FIRST_PENDING_BYTES, maxBytes));
  let length = 0;
  return {
    length: () => length,
    add(bytes: Uint8Array): void {
      const added = bytes.subarray(0, maxBytes - length);
      if (length + added.length > buffer.length) {
        const larger = new Uint8Array(Math.min(maxBytes, Math.max(2 * buffer.length, length + added.length)));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(added, length);
      length += added.length;
    },
    /** Good until the next `add`. */
    take(): Uint8Array {
      const bytes = buffer.subarray(0, length);
      length = 0;
      return bytes;
    },
  };
}

function decodeLines(bytes: Uint8Array, maxLineBytes: number): Line[] {
  // The usual case is decoded at once; only where there may be bad bytes or long lines, each has to answer for itself.
  const text = bytes.length <= maxLineBytes ? decoder.decode(bytes) : "\ufffd";
  if (!text.includes("\ufffd")) {
    return text.split("\n").map((line) => ({ text: withoutReturn(line), invalidUtf8: false, cut: false }));
  }
  const lines: Line[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(decodeLine(bytes.subarray(start, end), maxLineBytes));
    start = end + 1;
  }
  return lines;
}

function decodeLine(whole: Uint8Array, maxLineBytes: number): Line {
  const cut = whole.length > maxLineBytes;
  const bytes = cut ? whole.subarray(0, characterStart(whole, maxLineBytes)) : whole;
  try {
    return { text: withoutReturn(strictDecoder.decode(bytes)), invalidUtf8: false, cut };
  } catch {
    return { text: withoutReturn(decoder.decode(bytes)), invalidUtf8: true, cut };
  }
}

/** `at`, or where the UTF-8 character begins that a cut at `at` would break. */
function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && at - start < 3 && ((bytes[start] as number) & 0xc0) === 0x80) start -= 1;
  return start;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
