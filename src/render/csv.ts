import { CSV_HEADER, writeCsvRow } from "../schema/csv.ts";
import { type RenderedRecord, readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { sanitizeJson, sanitizeText } from "./text/sanitize.ts";

/** RFC 4180 with a header, also where there are no records. On a terminal cells are made safe and a record is one line. */
export function createCsvRenderer({ terminal }: RenderSettings): Renderer {
  const format = terminal ? formatForTerminal : writeCsvRow;
  let header = terminal ? `${CSV_HEADER.trimEnd()}\n` : CSV_HEADER;
  const takeHeader = () => {
    const text = header;
    header = "";
    return text;
  };
  return {
    render: (lines) => takeHeader() + lines.map((line) => format(readRecord(line))).join(""),
    finish: takeHeader,
  };
}

function formatForTerminal(record: RenderedRecord): string {
  const { service, message, attributes } = record;
  const safe = { service: sanitizeText(service), message: sanitizeText(message), attributes: sanitizeJson(attributes) };
  return `${writeCsvRow({ ...record, ...safe }).trimEnd()}\n`;
}
