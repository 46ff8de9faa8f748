import { type RenderedRecord, readRecord } from "./read-record.ts";
import type { Renderer } from "./renderer.ts";
import { attributePairs, formatPair } from "./text/pairs.ts";

const OWN_KEYS: readonly string[] = ["timestamp", "severity", "service", "message"];

/** One record a line as `timestamp=... severity=... service=... message=... key=value`, for tools: the time is RFC 3339 as stored. */
export function createLogfmtRenderer(): Renderer {
  return {
    render: (lines) => lines.map((line) => `${formatRecord(readRecord(line))}\n`).join(""),
    finish: () => "",
  };
}

function formatRecord(record: RenderedRecord): string {
  const pairs = [
    formatPair("timestamp", record.timestamp),
    formatPair("severity", record.severity),
    formatPair("service", record.service),
    formatPair("message", record.message),
  ];
  for (const [key, value] of attributePairs(record.attributes)) {
    // Many readers let the last of two equal keys win: an attribute must not pass for a field of the record.
    pairs.push(formatPair(OWN_KEYS.includes(key) ? `attributes.${key}` : key, value));
  }
  return pairs.join(" ");
}
