import type { RecordFormat } from "../../schema/filter.ts";

/** The first format of the Accept header that there is; JSON where there is none. */
export function acceptedFormat(accept: string | null): RecordFormat {
  for (const range of (accept ?? "").split(",")) {
    const type = range.split(";")[0]?.trim().toLowerCase();
    if (type === "application/x-ndjson" || type === "application/jsonl" || type === "application/ndjson") return "ndjson";
    if (type === "text/csv") return "csv";
    if (type === "application/json") return "json";
  }
  return "json";
}
