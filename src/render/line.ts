import { attributePairs, formatPair } from "./pairs.ts";
import { type RenderedRecord, readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { messageLines, sanitizeText } from "./sanitize.ts";
import { formatTime } from "./time.ts";

const INDENT = "    ";

/**
 * `2026-11-24 10:00:00.123 ERROR payments message key=value`. Only a record's first line starts in the first column: the
 * rest of a longer message is indented, and its attributes follow on a line of their own.
 */
export function createLineRenderer(settings: RenderSettings): Renderer {
  return {
    render: (lines) => lines.map((line) => formatRecord(readRecord(line), settings)).join(""),
    finish: () => "",
  };
}

function formatRecord(record: RenderedRecord, { paint, utc }: RenderSettings): string {
  const time = paint.faint(formatTime(record.timestamp, utc));
  const severity = paint.severity(record.severity, record.severity);
  const head = `${time} ${severity} ${sanitizeText(record.service, paint.faint)}`;
  const message = messageLines(record.message).map((text) => sanitizeText(text, paint.faint));
  const pairs = attributePairs(record.attributes).map(([key, value]) => paint.faint(formatPair(key, value)));
  const separator = message.length > 1 ? `\n${INDENT}` : " ";
  const attributes = pairs.length > 0 ? separator + pairs.join(" ") : "";
  return `${head} ${message.join(`\n${INDENT}`)}${attributes}\n`;
}
