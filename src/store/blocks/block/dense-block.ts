import { collectAfter } from "../../../memory/collect-garbage.ts";
import { SEVERITIES } from "../../../schema/severity.ts";
import { createByteWriter } from "../bytes/byte-writer.ts";
import { writeConditioned } from "../column/conditioned-column.ts";
import { writeMinuteCounts } from "../column/minute-counts.ts";
import { writeTimes } from "../column/time-column.ts";
import { type ColumnValues, LITERALS } from "../column/value-columns.ts";
import { FIRST_SLOT, SLOT } from "../column/value-kind.ts";
import { writeNumbers } from "../column/write-numbers.ts";
import { templateAttributes } from "../extract/attribute-shapes.ts";
import { templateMessages } from "../extract/message-templates.ts";
import { buildBloom, createHashSet, joinBlooms } from "../index/bloom.ts";
import { createGramSet, GRAMS } from "../index/gram-filter.ts";
import { hashWords } from "../index/words.ts";
import { type Derivation, findDerivations } from "../template/derived-columns.ts";
import type { TemplatedRows } from "../template/templated-rows.ts";
import { writeTemplated } from "../template/templated-text.ts";
import { unitsOf, type WrittenTexts, writeTexts } from "../template/verbatim-texts.ts";
import { type BlockPart, type BlockRows, DENSE_VERSION, type EncodedBlock, metaOf } from "./block.ts";

/** The parts of a dense block. Numbers are stored: they are never given a second meaning. */
export const DENSE_PART = {
  timestamp: 1,
  nanos: 2,
  digits: 3,
  received: 4,
  severity: 5,
  service: 6,
  /** How many pages of messages and of attributes are kept as they are; the filter of the words in all else, then those of these pages. */
  blooms: 10,
  /** How many records there are of each service and severity. */
  counts: 13,
  /** How many messages there are of each template: first of those that are kept as they are. */
  templateRows: 14,
  /** How many pages of messages and of attributes are kept as they are; the filter of the grams in all other messages, that of those in all other attributes, then those of these pages. */
  grams: 15,
  /** How many records there are in each minute, where these are few. */
  minutes: 16,
  messageDictionary: 20,
  messageRows: 21,
  messageColumns: 22,
  /** A page a column. */
  messageLargeColumns: 23,
  messageTexts: 24,
  messagePages: 25,
  attributeDictionary: 30,
  attributeRows: 31,
  attributeColumns: 32,
  attributeLargeColumns: 33,
  attributeTexts: 34,
  attributePages: 35,
} as const;

/** As many as there are pages of one part in the database. */
const MAX_LARGE_COLUMNS = 256;

/** Of the texts that are taken apart, and of a page of those that are not. */
const words = createHashSet();
const pageWords = createHashSet();
const pageGrams = createGramSet(GRAMS.all);
const templatedGrams = createGramSet(GRAMS.letters);

/** The block of `rows` in its last and smallest form: what the texts have in common once, and columns of what differs. */
export function encodeDenseBlock(rows: BlockRows): EncodedBlock {
  const parts: BlockPart[] = [];
  const put = (part: number, data: Uint8Array, page = 0) => parts.push({ part, page, data });
  const numbers = (values: ArrayLike<number>) => {
    const out = createByteWriter();
    writeNumbers(values, rows.rows, out);
    return out.copyFrom(0);
  };
  const times = createByteWriter();
  writeTimes(rows.timestampMs.subarray(0, rows.rows), times);
  put(DENSE_PART.timestamp, times.copyFrom(0));
  put(DENSE_PART.nanos, numbers(rows.nanos));
  put(DENSE_PART.digits, numbers(rows.digits));
  put(DENSE_PART.received, numbers(rows.receivedMs));

  const templated = templateMessages(rows.messages, rows.messageOffsets);
  const { templateOfRow, templates } = templated;
  const conditioned = (values: ArrayLike<number>) => {
    const out = createByteWriter();
    writeConditioned(values, templateOfRow, templates.length, out);
    return out.copyFrom(0);
  };
  put(DENSE_PART.severity, conditioned(rows.severity));
  put(DENSE_PART.service, conditioned(rows.service));
  put(DENSE_PART.counts, countRecords(rows));
  const minutes = writeMinuteCounts(rows.timestampMs.subarray(0, rows.rows));
  if (minutes !== undefined) put(DENSE_PART.minutes, minutes);
  put(DENSE_PART.templateRows, countTemplates(templated));
  collectAfter(rows.messages.length);
  const keptMessages = putTexts(put, DENSE_PART.messageDictionary, templated, [], rows.messageOffsets, false);
  words.clear();
  const messageGrams = takeTemplated(templated, [], false);

  // The memory in which the messages were taken apart is used again.
  const shaped = templateAttributes(rows.attributes, rows.attributeOffsets);
  const derivations = findDerivations(shaped);
  const keptAttributes = putTexts(put, DENSE_PART.attributeDictionary, shaped, derivations, rows.attributeOffsets, true);
  const attributeGrams = takeTemplated(shaped, derivations, true);

  const filters = (ofPages: "blooms" | "grams", templatedFilters: Uint8Array[]) => {
    const [ofMessages, ofAttributes] = [keptMessages[ofPages], keptAttributes[ofPages]];
    const out = createByteWriter();
    out.varint(ofMessages.length);
    out.varint(ofAttributes.length);
    out.append(joinBlooms([...templatedFilters, ...ofMessages, ...ofAttributes]));
    return out.copyFrom(0);
  };
  put(DENSE_PART.blooms, filters("blooms", [buildBloom(words)]));
  put(DENSE_PART.grams, filters("grams", [messageGrams, attributeGrams]));
  return { meta: { ...metaOf(rows, parts), version: DENSE_VERSION }, parts };
}

/** The number of records for each pair of service and severity: at `service * SEVERITIES.length + severity`. */
function countRecords({ rows, service, severity, services }: BlockRows): Uint8Array {
  const counts = new Uint32Array(services.length * SEVERITIES.length);
  for (let row = 0; row < rows; row += 1) {
    const pair = (service[row] as number) * SEVERITIES.length + (severity[row] as number);
    counts[pair] = (counts[pair] as number) + 1;
  }
  const out = createByteWriter();
  writeNumbers(counts, counts.length, out);
  return out.copyFrom(0);
}

function countTemplates({ templates, templateOfRow }: TemplatedRows): Uint8Array {
  const counts = new Uint32Array(templates.length + 1);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    counts[template] = (counts[template] as number) + 1;
  }
  const out = createByteWriter();
  writeNumbers(counts, counts.length, out);
  return out.copyFrom(0);
}

type Put = (part: number, data: Uint8Array, page?: number) => void;

/** Puts the parts of one text, the first of which is `first`; gives what was written of the texts that are kept as they are. */
function putTexts(
  put: Put,
  first: number,
  source: TemplatedRows,
  derivations: (Derivation | undefined)[],
  offsets: Uint32Array,
  json: boolean,
): WrittenTexts {
  const { dictionary, rows, small, large } = writeTemplated(source, derivations, MAX_LARGE_COLUMNS);
  const kept: number[] = [];
  for (let row = 0; row < source.templateOfRow.length; row += 1) if (source.templateOfRow[row] === 0) kept.push(row);
  const texts = writeTexts(source.utf8, offsets, kept, json, pageWords, pageGrams);
  put(first, dictionary);
  put(first + 1, rows);
  put(first + 2, small);
  for (const [page, data] of large.entries()) put(first + 3, data, page);
  put(first + 4, texts.index);
  for (const [page, data] of texts.pages.entries()) put(first + 5, data, page);
  return texts;
}

const encoder = new TextEncoder();

/**
 * Takes the words of the skeletons and of the texts in columns, once these are written, and gives the filter of their grams.
 * Words with an ASCII digit in them are not all taken, since they may be in columns of numbers; all others are. Three letters in
 * a row are in one piece of a skeleton or in one value. Of JSON values alone are looked through for grams, as by searches.
 */
function takeTemplated(
  { templates, words: slotWords, columns, values, utf8 }: TemplatedRows,
  derivations: (Derivation | undefined)[],
  json: boolean,
): Uint8Array {
  const takeWords = (bytes: Uint8Array) => hashWords(bytes, [unitsOf(bytes)], json, words.add);
  const take = (bytes: Uint8Array) => {
    takeWords(bytes);
    templatedGrams.add(bytes);
  };
  for (const skeleton of templates) {
    let start = 0;
    for (let at = 0; at <= skeleton.length; at += 1) {
      if (at < skeleton.length && (skeleton[at] as number) < FIRST_SLOT) continue;
      if (at > start) (json ? takeWords : take)(skeleton.subarray(start, at));
      if (skeleton[at] === SLOT.hex) at += 1;
      start = at + 1;
    }
  }
  for (const word of slotWords) take(word);
  for (const literal of LITERALS) if (columns.some(({ kind }) => kind === SLOT.literal)) take(encoder.encode(literal));
  for (const [column, { kind }] of columns.entries()) {
    if (kind !== SLOT.text && kind !== SLOT.phrase) continue;
    const { values: starts, lengths, count, distinct } = derivations[column]?.values ?? (values[column] as ColumnValues);
    for (let i = 0; i < (distinct?.firsts.length ?? count); i += 1) {
      const value = distinct?.firsts[i] ?? i;
      const start = starts[value] as number;
      take(utf8.subarray(start, start + (lengths[value] as number)));
    }
  }
  return templatedGrams.build();
}
