import { CSV_HEADER, writeCsvRow } from "../schema/csv.ts";
import type { RecordFormat } from "../schema/filter.ts";
import { SEVERITIES } from "../schema/severity.ts";
import { formatTimestamp } from "../schema/timestamp.ts";
import type { BlockReader } from "./block-reader.ts";

/** How records become the bytes of an answer: what stands before the first, between two, and after the last. */
export type RecordFraming = { head: string; separator: string; tail: string };

/** `sse` is a server-sent event a record, with the record's id as the event's. */
export const FRAMING: Record<RecordFormat | "sse", RecordFraming> = {
  json: { head: "[", separator: ",\n", tail: "]\n" },
  ndjson: { head: "", separator: "\n", tail: "\n" },
  csv: { head: CSV_HEADER, separator: "", tail: "" },
  sse: { head: "", separator: "", tail: "" },
};

/** The texts of `rows`, all of one page of one block, in the order given. */
export function writeRows(
  block: BlockReader,
  page: number,
  rows: ArrayLike<number>,
  format: RecordFormat | "sse",
  texts: string[],
): void {
  const { from } = block.pageRange(page);
  const { firstId, services } = block.meta;
  const timestamp = block.columnOfPage("timestamp", page);
  const nanos = block.columnOfPage("nanos", page);
  const digits = block.columnOfPage("digits", page);
  const received = block.columnOfPage("received", page);
  const severity = block.columnOfPage("severity", page);
  const service = block.columnOfPage("service", page);
  const messages = block.texts("messages", page, rows);
  const attributes = block.texts("attributes", page, rows);
  const isEvent = format === "sse";
  // Everything is read before anything is written: a block that is gone leaves no half of it behind.
  for (let i = 0; i < rows.length; i += 1) {
    const id = firstId + (rows[i] as number);
    const row = (rows[i] as number) - from;
    const at = formatTimestamp(timestamp[row] as number, nanos[row] as number, digits[row] as number);
    const receivedAt = new Date(received[row] as number).toISOString();
    const severityName = SEVERITIES[severity[row] as number] as string;
    const serviceName = services[service[row] as number] as string;
    const message = messages[i] as string;
    const attributesText = attributes[i] as string;
    texts.push(
      format === "csv"
        ? writeCsvRow({
            id,
            timestamp: at,
            received_at: receivedAt,
            service: serviceName,
            severity: severityName,
            message,
            attributes: attributesText,
          })
        : `${isEvent ? `id: ${id}\ndata: ` : ""}{"id":${id},"timestamp":"${at}","received_at":"${receivedAt}","service":${JSON.stringify(serviceName)},"severity":"${severityName}",` +
            `"message":${JSON.stringify(message)}${attributesText === "" ? "" : `,"attributes":${attributesText}`}}${isEvent ? "\n\n" : ""}`,
    );
  }
}
