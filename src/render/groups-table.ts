import type { GroupsAnswer } from "../schema/api.ts";
import { SEVERITIES, type Severity } from "../schema/severity.ts";
import { OTHER_GROUPS, statsCells } from "../schema/stats-columns.ts";
import type { RenderSettings } from "./renderer.ts";
import { alignColumns, GAP } from "./text/align-columns.ts";
import { drawBar } from "./text/bar.ts";
import { sanitizeText } from "./text/sanitize.ts";
import { formatTime } from "./text/time.ts";
import { fitTo } from "./text/width.ts";

/** Narrower bars say nothing, wider ones are no easier to compare. */
const MIN_BAR_WIDTH = 8;
const MAX_BAR_WIDTH = 40;
/** What a column may take of a terminal's width. */
const MAX_CELL_SHARE = 0.4;
/** Significant digits of numbers that were computed; all of them are in the other formats. */
const DIGITS = 6;
/** Stands for a value that is not there. */
const NONE = "-";

/**
 * Groups as rows of a table, their numbers to the right. As wide as the terminal is, with bars in what it has left; without a
 * terminal nothing is cut and there are no bars. Errors are named where there are any.
 */
export function renderGroupsTable(all: readonly string[], answer: GroupsAnswer, settings: RenderSettings): string {
  const { paint } = settings;
  const columns = all.filter((column) => !isNoError(column, answer));
  const rows = statsCells(columns, answer);
  if (rows.length === 0) return "";
  const countAt = columns.indexOf("count");
  const cells = rows.map((row) => row.map((cell, at) => cellOf(cell, columns[at] as string, at > countAt, settings)));
  const heads = columns.map((column) => sanitizeText(column).toUpperCase());
  const widths = heads.map((head, at) =>
    Math.max(Bun.stringWidth(head), ...cells.map((row) => Bun.stringWidth(row[at] as string))),
  );
  const barWidth = barWidthIn(settings.columns, widths);
  const counts = rows.map((row) => Number(row[countAt]));
  const largest = answer.groups.reduce((most, { count }) => Math.max(most, Number(count)), 0);
  const barOf = (row: number) => (row < answer.groups.length ? drawBar((counts[row] as number) / largest, barWidth) : "");
  const align = (cell: string, at: number) => (at < countAt ? cell : cell.padStart(widths[at] as number));
  return alignColumns([
    [...heads.map((head, at) => paint.heading(align(head, at))), ""],
    ...cells.map((row, index) => [
      ...row.map((cell, at) => paintCell(align(cell, at), columns[at] as string, settings)),
      barWidth > 0 ? paint.faint(barOf(index)) : "",
    ]),
  ]);
}

/** Whether all that the column says is that the answer is exact. */
function isNoError(column: string, { groups }: GroupsAnswer): boolean {
  return (column === "percentile_error" || column === "distinct_error") && groups.every((group) => group[column] === 0);
}

function cellOf(cell: string, column: string, computed: boolean, { columns, utc }: RenderSettings): string {
  if (cell === "") return NONE;
  if (column === "time") return formatTime(cell, utc).replace(/\.000(?=Z?$)/, "");
  if (computed) return String(Number(Number(cell).toPrecision(DIGITS)));
  const safe = sanitizeText(cell);
  return columns === undefined ? safe : fitTo(safe, Math.max(NONE.length + 1, Math.floor(columns * MAX_CELL_SHARE)));
}

function paintCell(cell: string, column: string, { paint }: RenderSettings): string {
  if (column === "time" || cell === OTHER_GROUPS || cell.trim() === NONE) return paint.faint(cell);
  return column === "severity" && isSeverity(cell) ? paint.severity(cell, cell) : cell;
}

function isSeverity(text: string): text is Severity {
  return (SEVERITIES as readonly string[]).includes(text);
}

function barWidthIn(columns: number | undefined, widths: number[]): number {
  if (columns === undefined) return 0;
  const left = columns - widths.reduce((sum, width) => sum + width + GAP.length, 0);
  return left < MIN_BAR_WIDTH ? 0 : Math.min(left, MAX_BAR_WIDTH);
}
