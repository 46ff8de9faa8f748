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

/** Of each run of spaces only the first is tried, since a message may have very many in a row. */
const TRAILING_SPACES = /(?<! ) +$/gm;

/**
 * Rows of two or more cells as text in which each column starts at one place; the last cell may have several lines. It is
 * added here: cli-table3 would fill each up to the longest, which may be a thousand times what there is to write.
 */
export function alignColumns(rows: string[][]): string {
  const table = new Table({ chars: NO_BORDERS, style: { "padding-left": 0, "padding-right": 0, head: [], border: [] } });
  const lastColumn: string[] = [];
  for (const row of rows) {
    const [first = "", ...others] = row.slice(0, -1);
    const lines = (row.at(-1) ?? "").split("\n");
    table.push([first + "\n".repeat(lines.length - 1), ...others]);
    lastColumn.push(...lines);
  }
  const starts = table.toString().split("\n");
  const text = lastColumn.map((last, index) => `${starts[index]}${GAP}${last}\n`).join("");
  return text.replace(TRAILING_SPACES, "");
}
