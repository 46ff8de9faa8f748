import { putBytes, putEscaped, type TextBuffer } from "../../../memory/text-buffer.ts";
import { type ByteReader, createByteReader } from "../bytes/byte-reader.ts";
import { createByteWriter } from "../bytes/byte-writer.ts";
import { packBytes } from "../bytes/pack-bytes.ts";
import { readNumbers } from "../column/read-numbers.ts";
import { writeNumbers } from "../column/write-numbers.ts";
import { buildBloom, type HashSet } from "../index/bloom.ts";
import type { GramSet } from "../index/gram-filter.ts";
import { hashWords } from "../index/words.ts";

/** These are few, or a block of nothing but prose. On the benchmark's a third smaller than at level 1. */
const LEVEL = 3;

/** About how many bytes of text make a page, so that one text costs no more than it must; pages are longer where there would be far more than so many. */
const MIN_PAGE_BYTES = 64 * 1024;
const USUAL_PAGES = 64;

export type WrittenTexts = {
  /** How many texts there are, their lengths, and how many are on each page. */
  index: Uint8Array;
  pages: Uint8Array[];
  /** For each page the Bloom filter of its words. */
  blooms: Uint8Array[];
  /** For each page the filter of its grams. */
  grams: Uint8Array[];
};

/** Writes texts as they are, in pages: those of the `rows` of `utf8`, whose texts start at `offsets`. */
export function writeTexts(
  utf8: Uint8Array,
  offsets: Uint32Array,
  rows: ArrayLike<number>,
  json: boolean,
  words: HashSet,
  gramSet: GramSet,
): WrittenTexts {
  const lengths = Float64Array.from(rows, (row) => (offsets[row + 1] as number) - (offsets[row] as number));
  const pageBytes = Math.max(MIN_PAGE_BYTES, lengths.reduce((sum, length) => sum + length, 0) / USUAL_PAGES);
  const pages: Uint8Array[] = [];
  const blooms: Uint8Array[] = [];
  const grams: Uint8Array[] = [];
  const perPage: number[] = [];
  for (let from = 0; from < rows.length; ) {
    let to = from;
    let bytes = 0;
    while (to < rows.length && (to === from || bytes + (lengths[to] as number) <= pageBytes)) {
      bytes += lengths[to] as number;
      to += 1;
    }
    const page = new Uint8Array(bytes);
    let at = 0;
    words.clear();
    for (let i = from; i < to; i += 1) {
      const text = utf8.subarray(offsets[rows[i] as number], offsets[(rows[i] as number) + 1]);
      page.set(text, at);
      at += text.length;
      hashWords(text, [unitsOf(text)], json, words.add);
      gramSet.add(text);
    }
    pages.push(packBytes(page, LEVEL));
    blooms.push(buildBloom(words));
    grams.push(gramSet.build());
    perPage.push(to - from);
    from = to;
  }
  const index = createByteWriter();
  index.varint(rows.length);
  writeNumbers(lengths, rows.length, index);
  index.varint(perPage.length);
  for (const count of perPage) index.varint(count);
  return { index: index.copyFrom(0), pages, blooms, grams };
}

/** UTF-16 units that the UTF-8 stands for. */
export function unitsOf(utf8: Uint8Array): number {
  let units = 0;
  for (let i = 0; i < utf8.length; i += 1) {
    const byte = utf8[i] as number;
    if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

/** A page's texts one after another, and where in the bytes each starts, with one more entry for the end. */
export type KeptPage = { utf8: Buffer; offsets: Uint32Array };

/** Texts that `writeTexts` wrote. */
export type KeptTexts = {
  count: number;
  /** The first text of each page, and one more entry for the end. */
  pageStarts: number[];
  /** Good until another page is read. */
  page(page: number): KeptPage;
  /** The filter of a page's words. */
  bloom(page: number): Uint8Array;
  /** Puts a text behind what is in the buffer, perhaps as it stands inside a JSON string. */
  put(index: number, escaped: boolean, buffer: TextBuffer): void;
};

/** `readPage` gives a page's bytes as they were before they were packed. */
export function openTexts(
  bytes: Uint8Array,
  readPage: (page: number) => Uint8Array,
  bloom: (page: number) => Uint8Array,
): KeptTexts {
  const reader: ByteReader = createByteReader(bytes);
  const count = reader.varint();
  const lengths = readNumbers(reader, count);
  const pageStarts = [0];
  for (let pages = reader.varint(); pages > 0; pages -= 1) pageStarts.push((pageStarts.at(-1) as number) + reader.varint());
  const offsetsOfPages: Uint32Array[] = [];
  let held: (KeptPage & { page: number }) | undefined;

  /** Where in its page's bytes each text starts, with one more entry for the end. */
  function offsetsOf(page: number): Uint32Array {
    const known = offsetsOfPages[page];
    if (known !== undefined) return known;
    const from = pageStarts[page] as number;
    const texts = (pageStarts[page + 1] as number) - from;
    const offsets = new Uint32Array(texts + 1);
    for (let i = 0; i < texts; i += 1) offsets[i + 1] = (offsets[i] as number) + (lengths[from + i] as number);
    offsetsOfPages[page] = offsets;
    return offsets;
  }

  function load(page: number): KeptPage {
    if (held?.page === page) return held;
    const unpacked = readPage(page);
    held = { page, utf8: Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length), offsets: offsetsOf(page) };
    return held;
  }

  return {
    count,
    pageStarts,
    page: load,
    bloom,
    put(index, escaped, buffer) {
      let page = held !== undefined && index >= (pageStarts[held.page] as number) ? held.page : 0;
      while (index >= (pageStarts[page + 1] as number)) page += 1;
      const { utf8, offsets } = load(page);
      const at = index - (pageStarts[page] as number);
      if (escaped) putEscaped(buffer, utf8, offsets[at], offsets[at + 1]);
      else putBytes(buffer, utf8, offsets[at], offsets[at + 1]);
    },
  };
}
