import { describe, expect, test } from "bun:test";
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { type Line, readLines } from "../../../src/client/read-lines.ts";

const NEWLINE = 10;

async function linesOf(chunks: Uint8Array[], maxLineBytes?: number): Promise<Line[]> {
  async function* source() {
    for (const chunk of chunks) {
      yield chunk;
      // A stream may use its buffer again.
      chunk.fill(0x58);
    }
  }
  const lines: Line[] = [];
  for await (const some of readLines(source(), maxLineBytes)) lines.push(...some);
  return lines;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textsOf = async (...chunks: string[]) => (await linesOf(chunks.map(bytesOf))).map(({ text }) => text);

/** The definition: all bytes at once, split at each newline. */
function naiveLines(bytes: Uint8Array, maxLineBytes: number): Line[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, start)) {
    parts.push(bytes.subarray(start, at));
    start = at + 1;
  }
  if (start < bytes.length) parts.push(bytes.subarray(start));
  return parts.map((part, index) => {
    const cut = part.length > maxLineBytes;
    let end = Math.min(part.length, maxLineBytes);
    for (let back = 0; cut && back < 3 && end > 0 && ((part[end] as number) & 0xc0) === 0x80; back += 1) end -= 1;
    const kept = part.subarray(0, end);
    const text = Buffer.from(kept).toString("utf8").replace(/\r$/, "");
    return {
      text: index === 0 ? text.replace(/^\ufeff/, "") : text,
      invalidUtf8: !isUtf8(kept),
      cut,
    };
  });
}

describe("readLines", () => {
  test("takes both line ends, and a last line without one", async () => {
    expect(await textsOf("a\nb\r\n\nc")).toEqual(["a", "b", "", "c"]);
    expect(await textsOf("a\n")).toEqual(["a"]);
    expect(await textsOf("")).toEqual([]);
    expect(await textsOf("\n")).toEqual([""]);
  });

  test("puts together what comes in pieces: a line, its end, a character, the byte order mark", async () => {
    expect(await textsOf("a", "b\r", "\nc")).toEqual(["ab", "c"]);
    const euro = bytesOf("€\n");
    expect((await linesOf([euro.slice(0, 1), euro.slice(1, 2), euro.slice(2)])).map(({ text }) => text)).toEqual(["€"]);
    expect(await textsOf("\ufeffa\n\ufeffb\n")).toEqual(["a", "\ufeffb"]);
    expect(await textsOf("\ufeff", "a\n", "\ufeffb\n")).toEqual(["a", "\ufeffb"]);
  });

  test("marks the lines whose bytes are no UTF-8, and only those", async () => {
    const lines = await linesOf([new Uint8Array([...bytesOf("good\n"), 0xff, 0x61, NEWLINE, ...bytesOf("\ufffd sent\n")])]);
    expect(lines).toEqual([
      { text: "good", invalidUtf8: false, cut: false },
      { text: "\ufffda", invalidUtf8: true, cut: false },
      { text: "\ufffd sent", invalidUtf8: false, cut: false },
    ]);
  });

  test("keeps the start of a line that is too long, up to a whole character", async () => {
    expect(await linesOf([bytesOf("aaaa€ and more\nb\n")], 5)).toEqual([
      { text: "aaaa", invalidUtf8: false, cut: true },
      { text: "b", invalidUtf8: false, cut: false },
    ]);
  });

  test("holds no more than the longest line, whatever comes without an end", async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x61);
    async function* endless() {
      for (let count = 0; count < 512; count += 1) yield chunk;
    }
    const before = process.memoryUsage().rss;
    const lines: Line[] = [];
    for await (const some of readLines(endless())) lines.push(...some);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.cut).toBe(true);
    expect(lines[0]?.text).toHaveLength(2 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  test("gives the same lines however any bytes are cut into chunks", async () => {
    const lively = fc.constantFrom(
      NEWLINE,
      NEWLINE,
      13,
      0x61,
      0x7b,
      0xef,
      0xbb,
      0xbf,
      0xe2,
      0x82,
      0xac,
      0xf0,
      0x9f,
      0x98,
      0x80,
      0xff,
    );
    const bytes = fc.array(fc.oneof(lively, fc.integer({ min: 0, max: 255 })), { maxLength: 60 });
    const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(bytes, sizes, fc.constantFrom(1, 4, 7, 1000), async (values, lengths, maxLineBytes) => {
        const all = new Uint8Array(values);
        const chunks: Uint8Array[] = [];
        let start = 0;
        for (const length of lengths) {
          chunks.push(all.slice(start, start + length));
          start += length;
        }
        chunks.push(all.slice(start));
        expect(await linesOf(chunks, maxLineBytes)).toEqual(naiveLines(all, maxLineBytes));
      }),
      { numRuns: 2000 },
    );
  });
});
