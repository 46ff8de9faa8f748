import type { SpoolStatus } from "../schema/spool.ts";
import { alignColumns } from "./text/align-columns.ts";
import type { Paint } from "./text/colours.ts";
import { sanitizeText } from "./text/sanitize.ts";
import { formatTime } from "./text/time.ts";

/** A line a spool, under headings, and below it one with its folder, which is often long, and one for each thing that is wrong. */
export function renderSpoolTable(rows: readonly SpoolStatus[], paint: Paint): string {
  const head = ["COLLECTOR", "RECORDS", "SIZE", "OLDEST", "DEAD", "USED BY"].map(paint.heading);
  const [headings = "", ...lines] = alignColumns([head, ...rows.map(cellsOf)])
    .trimEnd()
    .split("\n");
  const folders = rows.map(({ folder, problems }) => [folder, ...problems].map((line) => `  ${sanitizeText(line)}`).join("\n"));
  return `${[headings, ...lines.flatMap((line, index) => [line, folders[index]])].join("\n")}\n`;
}

function cellsOf({ url, records, bytes, oldest, dead, used_by }: SpoolStatus): string[] {
  const since = oldest === null ? "-" : formatTime(oldest, false).slice(0, 19);
  return [sanitizeText(url ?? "?"), `${records}`, sizeText(bytes), since, `${dead}`, used_by === null ? "-" : `${used_by}`];
}

/** `0 B`, `12.3 kB`, `456 MB`. */
function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${["", "k", "M", "G"][power]}B`;
}
