import type { SpoolStatus } from "../schema/spool.ts";
import { alignColumns } from "./align-columns.ts";
import type { Paint } from "./colours.ts";
import { sanitizeText } from "./sanitize.ts";
import { formatTime } from "./time.ts";

/** One line a spool, under headings. */
export function renderSpoolTable(rows: readonly SpoolStatus[], paint: Paint): string {
  const head = ["COLLECTOR", "RECORDS", "BATCHES", "SIZE", "OLDEST", "DEAD", "USED BY", "FOLDER"].map(paint.heading);
  return alignColumns([head, ...rows.map(cellsOf)]);
}

function cellsOf({ folder, url, records, batches, bytes, oldest, dead, used_by }: SpoolStatus): string[] {
  const since = oldest === null ? "-" : formatTime(oldest, false).slice(0, 19);
  const user = used_by === null ? "-" : `${used_by}`;
  return [sanitizeText(url), `${records}`, `${batches}`, sizeText(bytes), since, `${dead}`, user, sanitizeText(folder)];
}

/** `0 B`, `12.3 kB`, `456 MB`. */
function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${["", "k", "M", "G"][power]}B`;
}
