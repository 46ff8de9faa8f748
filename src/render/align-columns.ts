import Table from "cli-table3";

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

/** Rows of cells as text in which each column starts at one place; a cell may have several lines. */
export function alignColumns(rows: string[][]): string {
  const table = new Table({ chars: NO_BORDERS, style: { "padding-left": 0, "padding-right": 0, head: [], border: [] } });
  table.push(...rows);
  return `${table.toString().replace(/ +$/gm, "")}\n`;
}
