import type { Database } from "bun:sqlite";
import type { KeptValues } from "../../../memory/read-cache.ts";
import { putText } from "../../../memory/text-buffer.ts";
import { unpackBytes } from "../bytes/pack-bytes.ts";
import { type IntColumn, openInts } from "../column/int-column.ts";
import { bloomOfPage } from "../index/bloom.ts";
import type { BlockMeta } from "./block.ts";
import { absenceOf } from "./block-damage.ts";
import { readPart } from "./block-parts.ts";
import { BlockGone, type BlockReader, COLUMN_PARTS, type ColumnPart, type PageText, valuesOfRows } from "./block-reader.ts";
import { decodePageStarts, PART, unbundle } from "./plain-block.ts";
import { keepRecent } from "./recent-blocks.ts";

type LengthsPart = "messageLengths" | "attributeLengths";

/** A block of no more text, in UTF-16 units, is kept as it is unpacked: the newest records, which are asked for again and again, are mostly in one. */
const KEPT_CHARACTERS = 2 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function withBytes(value: PageText): { value: PageText; bytes: number } {
  return { value, bytes: value.text.length };
}

/** Reads a block that `encodeBlock` made. */
export function openPlainBlock(database: Database, meta: BlockMeta, cache?: KeptValues): BlockReader {
  const columns = new Map<ColumnPart | LengthsPart, IntColumn>();
  let bundled: Map<number, Uint8Array> | undefined;
  let loaded = false;
  let starts: Float64Array | undefined;
  let blooms: { bytes: Uint8Array | undefined } | undefined;
  // Rows are mostly read page by page: the page last read of each text is kept, and what the cache has room for; of a small block all.
  const isSmall = meta.characters <= KEPT_CHARACTERS;
  const kept = new Map<number, { page: number; text: PageText }>();

  function optionalPart(part: number, page: number): Uint8Array | undefined {
    if (!loaded) {
      const bytes = readPart(database, meta.id, PART.bundle, 0);
      if (bytes !== undefined) bundled = new Map(unbundle(bytes).map((item) => [item.part * 65_536 + item.page, item.data]));
      loaded = true;
    }
    return bundled ? bundled.get(part * 65_536 + page) : readPart(database, meta.id, part, page);
  }

  function requiredPart(part: number): Uint8Array {
    const bytes = optionalPart(part, 0);
    if (bytes === undefined) throw absenceOf(database, meta, part);
    return bytes;
  }

  function open(part: ColumnPart | LengthsPart): IntColumn {
    let column = columns.get(part);
    if (column === undefined) {
      column = openInts(requiredPart(PART[part]), meta.rows);
      columns.set(part, column);
    }
    return column;
  }

  function columnOfPage(part: ColumnPart | LengthsPart, page: number): Float64Array {
    const { from, to } = pageRange(page);
    return open(part).slice(from, to);
  }

  function pageStarts(): Float64Array {
    starts ??= decodePageStarts(requiredPart(PART.pageStarts));
    return starts;
  }

  function pageRange(page: number): { from: number; to: number } {
    const all = pageStarts();
    return { from: all[page] as number, to: all[page + 1] ?? meta.rows };
  }

  function pageOffsets(lengthsOf: LengthsPart, page: number): Uint32Array {
    const lengths = columnOfPage(lengthsOf, page);
    const offsets = new Uint32Array(lengths.length + 1);
    for (let row = 0; row < lengths.length; row += 1) offsets[row + 1] = (offsets[row] as number) + (lengths[row] as number);
    return offsets;
  }

  function pageText(part: number, lengthsOf: LengthsPart, page: number): PageText {
    const place = isSmall ? part * 65_536 + page : part;
    const held = kept.get(place);
    if (held?.page === page) return held.text;
    const read = () => readPage(part, lengthsOf, page);
    const text = cache === undefined ? read() : cache.get(`${meta.id}/${part}/${page}`, () => withBytes(read()));
    kept.set(place, { page, text });
    return text;
  }

  function readUtf8(part: number, lengthsOf: LengthsPart, page: number): Uint8Array {
    const bytes = optionalPart(part, page);
    if (bytes !== undefined) return unpackBytes(bytes);
    // A page without text has no part; one that has text and no part was deleted meanwhile.
    if ((pageOffsets(lengthsOf, page).at(-1) as number) > 0) throw absenceOf(database, meta, part);
    return new Uint8Array();
  }

  function readPage(part: number, lengthsOf: LengthsPart, page: number): PageText {
    const utf8 = readUtf8(part, lengthsOf, page);
    const text = decoder.decode(utf8);
    let offsets: Uint32Array | undefined;
    return {
      text,
      isAscii: text.length === utf8.length,
      offsets() {
        offsets ??= pageOffsets(lengthsOf, page);
        return offsets;
      },
    };
  }

  const messages = (page: number) => pageText(PART.messages, "messageLengths", page);
  const attributes = (page: number) => pageText(PART.attributes, "attributeLengths", page);

  const reader: BlockReader = {
    meta,
    column: (part) => open(part).slice(0, meta.rows),
    columnOfPage,
    columnOfRows: (part, page, rows) => valuesOfRows(columnOfPage(part, page), pageRange(page).from, rows),
    pages: () => pageStarts().length,
    pageRange,
    messages,
    attributes,
    utf8(texts, page) {
      return texts === "messages"
        ? readUtf8(PART.messages, "messageLengths", page)
        : readUtf8(PART.attributes, "attributeLengths", page);
    },
    texts(texts, page, rows) {
      const { from } = pageRange(page);
      const { text, offsets } = texts === "messages" ? messages(page) : attributes(page);
      const starts = offsets();
      return Array.from({ length: rows.length }, (_, i) => {
        const row = (rows[i] as number) - from;
        return text.slice(starts[row], starts[row + 1]);
      });
    },
    jsonTexts(texts, page, rows, { buffer, starts, ends }) {
      if (isSmall && cache === undefined) keepRecent(database, reader, () => meta.characters);
      const { from } = pageRange(page);
      const { text, offsets } = texts === "messages" ? messages(page) : attributes(page);
      const all = offsets();
      for (let i = 0; i < rows.length; i += 1) {
        const row = (rows[i] as number) - from;
        const own = text.slice(all[row], all[row + 1]);
        starts[row] = buffer.length;
        putText(buffer, texts === "messages" ? JSON.stringify(own).slice(1, -1) : own);
        ends[row] = buffer.length;
      }
    },
    lengths: (texts) => open(texts === "messages" ? "messageLengths" : "attributeLengths").slice(0, meta.rows),
    load(page) {
      try {
        for (const part of COLUMN_PARTS) open(part);
        open("messageLengths");
        open("attributeLengths");
        messages(page);
        attributes(page);
        return true;
      } catch (error) {
        if (error instanceof BlockGone) return false;
        throw error;
      }
    },
    bloom(page) {
      blooms ??= { bytes: optionalPart(PART.blooms, 0) };
      return blooms.bytes && bloomOfPage(blooms.bytes, pageStarts().length, page);
    },
  };
  return reader;
}
