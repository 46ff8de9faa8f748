import Table from "cli-table3";
import { displayWidth } from "./width.ts";

/** Between two columns. */
export const GAP = "  ";

/** Nothing but gaps between columns: no line can be taken for a border, and what is copied is text. */
const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: GAP,
} as const;

/** Of each run of spaces only the first is tried, since a message may have very many in a row. */
const TRAILING_SPACES = /(?<! ) +$/gm;

/**
 * Rows of two or more cells as text in which each column starts at one place; the last cell may have several lines.
 *
 * cli-table3 lays out one line of stand-ins as wide as the columns, and all rows are set as it is: it takes ten times as
 * long over a row as everything else, and has its own idea of how wide an emoji or a mark is. No line of the last column
 * is filled up, which may be a thousand times what there is to write.
 */
export function alignColumns(rows: string[][]): string {
  const widths: number[] = [];
  const cellWidths = rows.map((row) => row.slice(0, -1).map(displayWidth));
  for (const row of cellWidths)
    for (const [column, width] of row.entries()) widths[column] = Math.max(widths[column] ?? 1, width);
  const gaps = gapsOf(widths);
  const indent = " ".repeat(widths.reduce((sum, width, column) => sum + width + (gaps[column] as string).length, 0));
  let text = "";
  for (const [index, row] of rows.entries()) {
    for (const [column, width] of widths.entries()) {
      const padding = " ".repeat(width - (cellWidths[index]?.[column] ?? 0));
      text += `${row[column] ?? ""}${padding}${gaps[column]}`;
    }
    text += `${(row.at(-1) ?? "").replaceAll("\n", `\n${indent}`)}\n`;
  }
  return text.replace(TRAILING_SPACES, "");
}

/** What stands behind each column of these widths, and before the last one. */
function gapsOf(widths: number[]): string[] {
  const table = new Table({ chars: NO_BORDERS, style: { "padding-left": 0, "padding-right": 0, head: [], border: [] } });
  table.push([...widths.map((width) => "x".repeat(width)), "x"]);
  return table.toString().split(/x+/).slice(1, -1);
}
