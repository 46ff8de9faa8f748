import { CSV_HEADER } from "../schema/csv.ts";
import type { RecordFormat } from "../schema/filter.ts";

/** How records become the bytes of an answer: what stands before the first, between two, and after the last. */
export type RecordFraming = { head: string; separator: string; tail: string };

/** `sse` is a server-sent event a record, with the record's id as the event's. */
export const FRAMING: Record<RecordFormat | "sse", RecordFraming> = {
  json: { head: "[", separator: ",\n", tail: "]\n" },
  ndjson: { head: "", separator: "\n", tail: "\n" },
  csv: { head: CSV_HEADER, separator: "", tail: "" },
  sse: { head: "", separator: "", tail: "" },
};
