import { type RenderedRecord, readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { attributePairs, formatPair } from "./text/pairs.ts";
import { messageLines, sanitizeText } from "./text/sanitize.ts";
import { createTimeFormat } from "./text/time.ts";
import { displayWidth, wrapAt } from "./text/width.ts";

const INDENT = "    ";
const MIN_WIDTH = 20;

/**
 * `2026-11-24 10:00:00.123 ERROR payments message key=value`. Only a record's first line starts in the first column: the
 * rest of a longer message is indented, and its attributes follow on a line of their own. So is what does not fit into a
 * terminal's line: the terminal would go on in the first column, where text could pass for another record.
 */
export function createLineRenderer(settings: RenderSettings): Renderer {
  const timeOf = createTimeFormat(settings.utc);
  return {
    render: (lines) => lines.map((line) => formatRecord(readRecord(line), settings, timeOf)).join(""),
    finish: () => "",
  };
}

function formatRecord(record: RenderedRecord, { columns, paint }: RenderSettings, timeOf: (rfc3339: string) => string): string {
  const time = paint.faint(timeOf(record.timestamp));
  const severity = paint.severity(record.severity, record.severity);
  const head = `${time} ${severity} ${sanitizeText(record.service, paint.faint)}`;
  const message = messageLines(record.message).map((text) => sanitizeText(text, paint.faint));
  const pairs = attributePairs(record.attributes).map(([key, value]) => paint.faint(formatPair(key, value)));
  const isLong = message.length > 1;
  const lines = [`${head} ${message[0]}`, ...message.slice(1)];
  if (pairs.length > 0 && isLong) lines.push(pairs.join(" "));
  else if (pairs.length > 0) lines[0] += ` ${pairs.join(" ")}`;
  const fitting = columns === undefined ? lines : lines.flatMap((line) => wrapLine(line, columns));
  return `${fitting.join(`\n${INDENT}`)}\n`;
}

/** The first of a record's lines might be longer by the indent: it is not, so that all are alike. */
function wrapLine(line: string, columns: number): string[] {
  const width = Math.max(MIN_WIDTH, columns - INDENT.length);
  return displayWidth(line) <= width ? [line] : wrapAt(line, width);
}
