import { createTextBuffer, putBytes, putDecimal, putText, type TextBuffer } from "../../../memory/text-buffer.ts";
import { writeCsvRow } from "../../../schema/csv.ts";
import type { RecordFormat } from "../../../schema/filter.ts";
import { SEVERITIES } from "../../../schema/severity.ts";
import { formatTimestamp } from "../../../schema/timestamp.ts";
import { FRAMING } from "../../record-framing.ts";
import { type BlockReader, COLUMN_PARTS, type ColumnPart } from "../block/block-reader.ts";
import { createRowTexts, type RowTexts } from "../bytes/row-texts.ts";
import { createTimestampWriter } from "./time-text.ts";

const encoder = new TextEncoder();
const utf8 = (text: string) => encoder.encode(text);

const [EVENT_ID, EVENT_DATA, EVENT_END] = [utf8("id: "), utf8("\ndata: "), utf8("\n\n")];
const [ID, TIMESTAMP, RECEIVED_AT] = [utf8('{"id":'), utf8(',"timestamp":"'), utf8('","received_at":"')];
const [ATTRIBUTES, END, END_OF_MESSAGE] = [utf8('","attributes":'), utf8("}"), utf8('"}')];

/** More than this is not kept for the next page. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** The texts of one page at a time. */
const messages = createRowTexts(0);
const attributes = createRowTexts(0);

const putTimestamp = createTimestampWriter();
const putReceipt = createTimestampWriter();

function readTexts(into: RowTexts, texts: "messages" | "attributes", block: BlockReader, page: number, rows: number[]): void {
  const { from, to } = block.pageRange(page);
  if (into.buffer.bytes.length > KEPT_BYTES) into.buffer = createTextBuffer();
  into.buffer.length = 0;
  if (into.starts.length < to - from) {
    into.starts = new Uint32Array(to - from);
    into.ends = new Uint32Array(to - from);
  }
  block.jsonTexts(texts, page, rows, into);
}

let lastSources: { services: string[]; texts: Uint8Array[] } | undefined;

/** What stands between a record's times and its message, for each service and severity. Of one block it is asked for often. */
function sourcesOf(services: string[]): Uint8Array[] {
  if (lastSources?.services !== services) {
    const texts = services.flatMap((name) =>
      SEVERITIES.map((severity) => utf8(`","service":${JSON.stringify(name)},"severity":"${severity}","message":"`)),
    );
    lastSources = { services, texts };
  }
  return lastSources.texts;
}

function columnsOf(block: BlockReader, page: number, rows: number[]): Record<ColumnPart, Float64Array> {
  const columns = COLUMN_PARTS.map((part) => [part, block.columnOfRows(part, page, rows)]);
  return Object.fromEntries(columns) as Record<ColumnPart, Float64Array>;
}

/** Puts `rows`, all of one page of one block, into the buffer in the order given, with the format's separator between two. */
export function writeRows(
  block: BlockReader,
  page: number,
  rows: number[],
  format: RecordFormat | "sse",
  buffer: TextBuffer,
): void {
  if (format === "csv") return writeCsvRows(block, page, rows, buffer);
  const { from } = block.pageRange(page);
  const { firstId, services } = block.meta;
  const { timestamp, nanos, digits, received, severity, service } = columnsOf(block, page, rows);
  // Everything is read before anything is written: a block that is gone leaves no half of it behind.
  readTexts(messages, "messages", block, page, rows);
  readTexts(attributes, "attributes", block, page, rows);
  const nextId = utf8(`${FRAMING[format].separator}{"id":`);
  const sources = sourcesOf(services);
  const isEvent = format === "sse";
  for (let i = 0; i < rows.length; i += 1) {
    const row = (rows[i] as number) - from;
    const id = firstId + (rows[i] as number);
    if (isEvent) {
      putBytes(buffer, EVENT_ID);
      putDecimal(buffer, id);
      putBytes(buffer, EVENT_DATA);
    }
    putBytes(buffer, i > 0 ? nextId : ID);
    putDecimal(buffer, id);
    putBytes(buffer, TIMESTAMP);
    putTimestamp(buffer, timestamp[i] as number, nanos[i] as number, digits[i] as number);
    putBytes(buffer, RECEIVED_AT);
    putReceipt(buffer, received[i] as number, 0, 3);
    putBytes(buffer, sources[(service[i] as number) * SEVERITIES.length + (severity[i] as number)] as Uint8Array);
    putBytes(buffer, messages.buffer.bytes, messages.starts[row], messages.ends[row]);
    if (attributes.starts[row] === attributes.ends[row]) putBytes(buffer, END_OF_MESSAGE);
    else {
      putBytes(buffer, ATTRIBUTES);
      putBytes(buffer, attributes.buffer.bytes, attributes.starts[row], attributes.ends[row]);
      putBytes(buffer, END);
    }
    if (isEvent) putBytes(buffer, EVENT_END);
  }
}

function writeCsvRows(block: BlockReader, page: number, rows: number[], buffer: TextBuffer): void {
  const { firstId, services } = block.meta;
  const { timestamp, nanos, digits, received, severity, service } = columnsOf(block, page, rows);
  const messages = block.texts("messages", page, rows);
  const attributes = block.texts("attributes", page, rows);
  for (let i = 0; i < rows.length; i += 1) {
    const text = writeCsvRow({
      id: firstId + (rows[i] as number),
      timestamp: formatTimestamp(timestamp[i] as number, nanos[i] as number, digits[i] as number),
      received_at: new Date(received[i] as number).toISOString(),
      service: services[service[i] as number] as string,
      severity: SEVERITIES[severity[i] as number] as string,
      message: messages[i] as string,
      attributes: attributes[i] as string,
    });
    putText(buffer, text);
  }
}
