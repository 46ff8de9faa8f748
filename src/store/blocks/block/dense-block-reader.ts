import type { Database } from "bun:sqlite";
import { lazy } from "../../../memory/lazy.ts";
import { type Keep, type KeptValues, keptOf, withBytes } from "../../../memory/read-cache.ts";
import { SEVERITIES } from "../../../schema/severity.ts";
import { createByteReader } from "../bytes/byte-reader.ts";
import { unpackBytes } from "../bytes/pack-bytes.ts";
import { createRowTexts, type RowTexts, textOfRow } from "../bytes/row-texts.ts";
import { openConditioned } from "../column/conditioned-column.ts";
import { MINUTE_MS, readMinuteCounts } from "../column/minute-counts.ts";
import { openNumbers, readNumbers } from "../column/read-numbers.ts";
import { openTimes } from "../column/time-column.ts";
import { FEW_ROWS, PAGE_ROWS } from "../template/page-slots.ts";
import { readDictionary } from "../template/template-dictionary.ts";
import { openTemplateRows } from "../template/template-rows.ts";
import { openTemplated } from "../template/templated-reader.ts";
import { openTexts } from "../template/verbatim-texts.ts";
import type { BlockMeta } from "./block.ts";
import { absenceOf } from "./block-damage.ts";
import { keyOfPart, readPart, readParts } from "./block-parts.ts";
import {
  type AttributeColumn,
  type BlockReader,
  type ColumnPart,
  type DenseBlooms,
  type DenseText,
  type PageText,
  valuesOfRows,
} from "./block-reader.ts";
import { DENSE_PART } from "./dense-block.ts";
import { findHits } from "./find-hits.ts";
import { keepRecent } from "./recent-blocks.ts";
import { readShapedAttribute } from "./shaped-attribute.ts";
import { splitBlooms, splitGrams } from "./split-filters.ts";

/** What the templates of a dictionary take in memory, for each of its bytes. */
const DICTIONARY_FACTOR = 5;

/** As many as one question may name, and more. */
const MAX_ATTRIBUTES = 16;

/** Reads a block that `encodeDenseBlock` made. */
export function openDenseBlock(database: Database, meta: BlockMeta, cache?: KeptValues): BlockReader {
  const kept = keptOf(database);

  /** All parts, once they are loaded. */
  let loaded: Map<number, Uint8Array> | undefined;
  /** How much of them was read so far; infinitely much once many records were read, for which far more was unpacked. */
  let readBytes = 0;

  function partIfAny(number: number, page = 0): Uint8Array | undefined {
    if (loaded !== undefined) return loaded.get(keyOfPart(meta.id, number, page));
    const bytes = readPart(database, meta.id, number, page);
    readBytes += bytes?.length ?? 0;
    return bytes;
  }

  function part(number: number, page = 0): Uint8Array {
    const bytes = partIfAny(number, page);
    if (bytes === undefined) throw absenceOf(database, meta, number);
    return bytes;
  }

  const blooms = lazy(readBlooms);
  const messages = lazy(() => openText(DENSE_PART.messageDictionary, (page) => blooms().messages[page] as Uint8Array));
  const attributes = lazy(() => openText(DENSE_PART.attributeDictionary, (page) => blooms().attributes[page] as Uint8Array));
  const keepTimes: Keep = (name, make) => kept.get(`${meta.id}/${DENSE_PART.timestamp}/${name}`, make);
  const timestamps = lazy(() => openTimes(createByteReader(part(DENSE_PART.timestamp)), meta.rows, keepTimes));
  const numbersAt = (number: number) => lazy(() => openNumbers(createByteReader(part(number)), meta.rows));
  const conditionedAt = (number: number) =>
    lazy(() => openConditioned(createByteReader(part(number)), messages().templated.count));
  const numbers = {
    nanos: numbersAt(DENSE_PART.nanos),
    digits: numbersAt(DENSE_PART.digits),
    received: numbersAt(DENSE_PART.received),
  };
  const conditioned = { severity: conditionedAt(DENSE_PART.severity), service: conditionedAt(DENSE_PART.service) };
  const grams = lazy(() =>
    kept.get(`${meta.id}/${DENSE_PART.grams}`, () => {
      const bytes = partIfAny(DENSE_PART.grams);
      return { value: bytes && splitGrams(bytes), bytes: bytes?.length ?? 0 };
    }),
  );
  const columns = new Map<ColumnPart, Float64Array>();
  // Of each the page last asked for: of rows that are looked for the values are written, too.
  const columnsHeld = new Map<ColumnPart, { page: number; values: Float64Array }>();
  // By what was looked for: nobody else will ask for it.
  const hitsOf = new WeakMap<object, Uint8Array>();
  const attributeAt = new Map<string, AttributeColumn>();

  function readBlooms(): DenseBlooms {
    return kept.get(`${meta.id}/${DENSE_PART.blooms}`, () => {
      const bytes = part(DENSE_PART.blooms);
      return { value: splitBlooms(bytes), bytes: bytes.length };
    });
  }

  function unpackPage(number: number, page: number): Uint8Array {
    const unpack = () => unpackBytes(part(number, page));
    if (cache === undefined) return unpack();
    return cache.get(`${meta.id}/${number}/${page}`, () => {
      const value = unpack();
      return { value, bytes: value.length };
    });
  }

  function openText(first: number, bloomOf: (page: number) => Uint8Array): DenseText {
    const dictionary = kept.get(`${meta.id}/${first}`, () => {
      const value = readDictionary(part(first));
      return { value, bytes: value.bytes * DICTIONARY_FACTOR };
    });
    const keep: Keep = (name, make) => kept.get(`${meta.id}/${first}/${name}`, make);
    const rows = openTemplateRows(() => part(first + 1), meta.rows, dictionary.count, keep);
    const columns = { small: () => part(first + 2), large: (index: number) => part(first + 3, index) };
    const templated = openTemplated(dictionary, meta.rows, columns, rows, keep);
    const texts = openTexts(part(first + 4), (page) => unpackPage(first + 5, page), bloomOf);
    let held: { page: number; text: PageText } | undefined;
    return {
      templated,
      kept: texts,
      page(page) {
        if (held?.page !== page) {
          held = { page, text: readPage({ templated, kept: texts }, pageRange(page)) };
        }
        return held.text;
      },
    };
  }

  /** The rows from `from`, which a page starts with, up to `to`: those of one page, or of all. */
  function readColumn(name: ColumnPart, from: number, to: number): Float64Array {
    switch (name) {
      case "timestamp":
        return timestamps().slice(from, to);
      case "severity":
      case "service": {
        const { templated } = messages();
        const ofRows = to - from > PAGE_ROWS ? templated.templateOfRow() : templated.templatesOfPage(from, false);
        return conditioned[name]().valuesOf(ofRows, templated.rowsBefore(from));
      }
      default:
        return numbers[name]().slice(from, to);
    }
  }

  function columnOfPage(name: ColumnPart, page: number): Float64Array {
    const { from, to } = pageRange(page);
    if (cache !== undefined) return wholeColumn(name).subarray(from, to);
    let known = columnsHeld.get(name);
    if (known?.page !== page) {
      known = { page, values: readColumn(name, from, to) };
      columnsHeld.set(name, known);
    }
    return known.values;
  }

  /** The value of one row, where few are asked for. */
  function valueAt(name: ColumnPart, page: number, row: number): number {
    const { from, to } = pageRange(page);
    switch (name) {
      case "timestamp": {
        const times = keepTimes(`page ${page}`, () => withBytes(timestamps().slice(from, to)));
        return times[row - from] as number;
      }
      case "severity":
      case "service": {
        const { templated } = messages();
        return conditioned[name]().valueAt(row - from, templated.templatesOfPage(from, true), templated.rowsBefore(from));
      }
      default:
        return numbers[name]().at(row);
    }
  }

  /** For rows that go to and fro between pages, each of which would be read again and again. */
  function wholeColumn(name: ColumnPart): Float64Array {
    const known = columns.get(name);
    if (known !== undefined) return known;
    const values = readColumn(name, 0, meta.rows);
    columns.set(name, values);
    return values;
  }

  function pageRange(page: number): { from: number; to: number } {
    return { from: page * PAGE_ROWS, to: Math.min(meta.rows, (page + 1) * PAGE_ROWS) };
  }

  const pages = () => Math.ceil(meta.rows / PAGE_ROWS);

  function writeTexts(
    texts: "messages" | "attributes",
    page: number,
    rows: ArrayLike<number>,
    escaped: boolean,
    into: RowTexts,
  ): void {
    const { templated, kept } = texts === "messages" ? messages() : attributes();
    const { from } = pageRange(page);
    templated.write(
      from,
      Array.from(rows, (row) => row - from),
      kept,
      escaped,
      into,
    );
  }

  const reader: BlockReader = {
    meta,
    column: (name) => readColumn(name, 0, meta.rows),
    columnOfPage,
    columnOfRows(name, page, rows) {
      if (cache !== undefined || rows.length > FEW_ROWS)
        return valuesOfRows(columnOfPage(name, page), pageRange(page).from, rows);
      const values = new Float64Array(rows.length);
      for (let i = 0; i < rows.length; i += 1) values[i] = valueAt(name, page, rows[i] as number);
      return values;
    },
    pages,
    pageRange,
    messages: (page) => messages().page(page),
    attributes: (page) => attributes().page(page),
    texts(texts, page, rows) {
      const into = createRowTexts(PAGE_ROWS);
      writeTexts(texts, page, rows, false, into);
      return Array.from(rows, (row) => textOfRow(into, row - pageRange(page).from));
    },
    jsonTexts(texts, page, rows, into) {
      if (rows.length > FEW_ROWS) readBytes = Number.POSITIVE_INFINITY;
      if (cache === undefined) keepRecent(database, reader, () => readBytes);
      writeTexts(texts, page, rows, texts === "messages", into);
    },
    lengths(texts) {
      const lengths = new Float64Array(meta.rows);
      for (let page = 0; page < pages(); page += 1) {
        const { from } = pageRange(page);
        const offsets = (texts === "messages" ? messages() : attributes()).page(page).offsets();
        for (let row = 1; row < offsets.length; row += 1) {
          lengths[from + row - 1] = (offsets[row] as number) - (offsets[row - 1] as number);
        }
      }
      return lengths;
    },
    load() {
      loaded ??= readParts(database, meta.id);
      // They come together or not at all.
      return loaded.size > 0;
    },
    bloom: () => undefined,
    dense: {
      messages,
      attributes,
      blooms,
      grams,
      counts: () =>
        Uint32Array.from(readNumbers(createByteReader(part(DENSE_PART.counts)), meta.services.length * SEVERITIES.length)),
      countPer(ms) {
        const minutes = ms % MINUTE_MS === 0 ? partIfAny(DENSE_PART.minutes) : undefined;
        return minutes === undefined ? timestamps().countPer(ms) : readMinuteCounts(minutes, ms);
      },
      templateRows() {
        const bytes = partIfAny(DENSE_PART.templateRows);
        return bytes && readNumbers(createByteReader(bytes), messages().templated.count + 1);
      },
      attribute(path) {
        let column = attributeAt.get(path);
        if (column === undefined) {
          column = readShapedAttribute(attributes(), path);
          if (attributeAt.size === MAX_ATTRIBUTES) attributeAt.clear();
          attributeAt.set(path, column);
        }
        return column;
      },
      hits(key, find) {
        let hits = hitsOf.get(key);
        if (hits === undefined) {
          hits = findHits(meta.rows, find);
          hitsOf.set(key, hits);
        }
        return hits;
      },
      mayHit: (key, page) => {
        const { from, to } = pageRange(page);
        return hitsOf.get(key)?.subarray(from, to).includes(1) ?? true;
      },
    },
  };
  return reader;
}

function readPage({ templated, kept }: Omit<DenseText, "page">, { from, to }: { from: number; to: number }): PageText {
  const texts: string[] = [];
  const offsets = new Uint32Array(to - from + 1);
  let length = 0;
  templated.read(from, to, kept, (text, row) => {
    texts.push(text);
    length += text.length;
    offsets[row - from + 1] = length;
  });
  return { text: texts.join(""), isAscii: false, offsets: () => offsets };
}
