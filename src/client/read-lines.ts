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

const NEWLINE = 10;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * The lines of a stream of bytes, those that each chunk completes together. Ends are `\n` or `\r\n`; a last line without
 * one counts, a byte order mark does not. Memory is bounded whatever comes: the rest of a line of megabytes is dropped.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxLineBytes = MAX_LINE_BYTES): AsyncGenerator<Line[]> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let isFirst = true;

  /** The bytes that begin an unfinished line; copied, since they outlive the chunk. */
  function keep(bytes: Uint8Array): void {
    const room = Math.min(bytes.length, maxLineBytes + 1 - pendingBytes);
    if (room <= 0) return;
    pending.push(bytes.slice(0, room));
    pendingBytes += room;
  }

  function takePending(): { bytes: Uint8Array; cut: boolean } {
    const bytes = pending.length === 1 ? (pending[0] as Uint8Array) : Buffer.concat(pending);
    const cut = pendingBytes > maxLineBytes;
    pending = [];
    pendingBytes = 0;
    return { bytes, cut };
  }

  function finish(lines: Line[]): Line[] {
    const [first] = lines;
    if (isFirst && first?.text.startsWith("\ufeff")) first.text = first.text.slice(1);
    isFirst = false;
    return lines;
  }

  for await (const chunk of chunks) {
    let start = 0;
    const lines: Line[] = [];
    if (pendingBytes > 0) {
      const end = chunk.indexOf(NEWLINE);
      keep(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) continue;
      const { bytes, cut } = takePending();
      lines.push(decodeLine(bytes, cut));
      start = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= start) {
      for (const line of decodeLines(chunk.subarray(start, last))) lines.push(line);
      start = last + 1;
    }
    keep(chunk.subarray(start));
    if (lines.length > 0) yield finish(lines);
  }
  if (pendingBytes > 0) {
    const { bytes, cut } = takePending();
    yield finish([decodeLine(bytes, cut)]);
  }
}

function decodeLines(bytes: Uint8Array): Line[] {
  const text = decoder.decode(bytes);
  // The usual case is decoded at once; only where there may be bad bytes, each line has to answer for itself.
  if (!text.includes("\ufffd")) {
    return text.split("\n").map((line) => ({ text: withoutReturn(line), invalidUtf8: false, cut: false }));
  }
  const lines: Line[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push(decodeLine(bytes.subarray(start, end), false));
    start = end + 1;
  }
  return lines;
}

function decodeLine(bytes: Uint8Array, cut: boolean): Line {
  try {
    return { text: withoutReturn(strictDecoder.decode(bytes)), invalidUtf8: false, cut };
  } catch {
    return { text: withoutReturn(decoder.decode(bytes)), invalidUtf8: true, cut };
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
