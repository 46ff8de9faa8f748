import { type RenderedRecord, readRecord } from "./read-record.ts";
import type { Renderer, RenderSettings } from "./renderer.ts";
import { alignColumns, GAP } from "./text/align-columns.ts";
import type { Paint } from "./text/colours.ts";
import { attributePairs, formatPair } from "./text/pairs.ts";
import { messageLines, sanitizeText } from "./text/sanitize.ts";
import { createTimeFormat, formatTime } from "./text/time.ts";
import { displayWidth, fitTo, padTo, wrapAt } from "./text/width.ts";

/** Rows laid out at a time; column widths are those of the first ones, so that any number of rows lines up in flat memory. */
const ROWS_AT_A_TIME = 1000;
/** Of what is still to come nothing is known: services get so many columns. */
const LIVE_SERVICE_WIDTH = 16;
const SEVERITY_WIDTH = "SEVERITY".length;
const MIN_SERVICE_WIDTH = "SERVICE".length;
const MIN_MESSAGE_WIDTH = 20;
/** Lines that one message takes at most; all of it is in the other formats. */
const MAX_MESSAGE_LINES = 10;

type Layout = { serviceWidth: number; maxServiceWidth: number; messageWidth: number };

/**
 * Time, severity, service and message in columns, as wide as the terminal. The message takes what is left, wraps within
 * its column and ends in `…` where it is very long. Without a terminal nothing is cut, and a record is one line.
 */
export function createTableRenderer(settings: RenderSettings): Renderer {
  const waiting: RenderedRecord[] = [];
  const timeOf = createTimeFormat(settings.utc);
  let layout: Layout | undefined;

  function layOut(records: RenderedRecord[]): string {
    if (records.length === 0) return "";
    const head = layout === undefined;
    layout ??= planLayout(records, settings);
    return renderRows(records, layout, settings.paint, timeOf, head);
  }

  return {
    render(lines) {
      let text = "";
      for (const line of lines) {
        if (waiting.push(readRecord(line)) === ROWS_AT_A_TIME) text += layOut(waiting.splice(0));
      }
      if (settings.live === true) text += layOut(waiting.splice(0));
      return text;
    },
    finish: () => layOut(waiting.splice(0)),
  };
}

function planLayout(records: RenderedRecord[], { columns, utc, live = false }: RenderSettings): Layout {
  const least = live ? LIVE_SERVICE_WIDTH : MIN_SERVICE_WIDTH;
  const longest = records.reduce((width, { service }) => Math.max(width, displayWidth(sanitizeText(service))), least);
  const unlimited = Number.POSITIVE_INFINITY;
  if (columns === undefined) return { serviceWidth: longest, maxServiceWidth: unlimited, messageWidth: unlimited };
  const serviceWidth = Math.min(longest, Math.max(MIN_SERVICE_WIDTH, Math.floor(columns / 5)));
  const timeWidth = formatTime(new Date(0).toISOString(), utc).length;
  const taken = timeWidth + SEVERITY_WIDTH + serviceWidth + 3 * GAP.length;
  return { serviceWidth, maxServiceWidth: serviceWidth, messageWidth: Math.max(MIN_MESSAGE_WIDTH, columns - taken) };
}

function renderRows(
  records: RenderedRecord[],
  layout: Layout,
  paint: Paint,
  timeOf: (rfc3339: string) => string,
  head: boolean,
): string {
  const rows: string[][] = [];
  if (head) rows.push(["TIME", "SEVERITY", padTo("SERVICE", layout.serviceWidth), "MESSAGE"].map(paint.heading));
  for (const record of records) {
    rows.push([
      paint.faint(timeOf(record.timestamp)),
      paint.severity(record.severity, padTo(record.severity, SEVERITY_WIDTH)),
      padTo(fitTo(sanitizeText(record.service), layout.maxServiceWidth), layout.serviceWidth),
      messageCell(record, layout.messageWidth, paint.faint),
    ]);
  }
  return alignColumns(rows);
}

function messageCell(record: RenderedRecord, width: number, faint: (text: string) => string): string {
  const pairs = attributePairs(record.attributes).map(([key, value]) => formatPair(key, value));
  if (width === Number.POSITIVE_INFINITY) return [sanitizeText(record.message, faint), ...pairs.map(faint)].join(" ");
  // More than is shown takes time to wrap; one character more than fits says that there is more.
  const room = width * MAX_MESSAGE_LINES + 1;
  const lines = messageLines(record.message)
    .slice(0, MAX_MESSAGE_LINES + 1)
    .map((line) => sanitizeText(cutAt(line, room), faint));
  // Made safe once more, since the cut may part what is safe only together.
  const attributes = faint(sanitizeText(cutAt(pairs.join(" "), room)));
  if (pairs.length > 0 && lines.length === 1) lines[0] += ` ${attributes}`;
  else if (pairs.length > 0) lines.push(attributes);
  const wrapped = wrapAt(lines.join("\n"), width);
  if (wrapped.length <= MAX_MESSAGE_LINES) return wrapped.join("\n");
  return [...wrapped.slice(0, MAX_MESSAGE_LINES - 1), fitTo(`${wrapped[MAX_MESSAGE_LINES - 1]}…`, width)].join("\n");
}

/**
 * `text`, or its first `length` UTF-16 units and an ellipsis, which may be shown: some characters take no column or many
 * units. One unit less where the cut would part a character.
 */
function cutAt(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)}…`;
}
