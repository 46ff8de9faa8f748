/** The columns of a log record as CSV, in the order in which `writeCsvRow` writes them. */
const CSV_COLUMNS = ["id", "timestamp", "received_at", "service", "severity", "message", "attributes"] as const;

/** A record as CSV has it: times as RFC 3339, `attributes` as JSON text or empty. */
export type CsvFields = {
  id: number;
  timestamp: string;
  received_at: string;
  service: string;
  severity: string;
  message: string;
  attributes: string;
};

/** The first line of a CSV answer, with its line end. */
export const CSV_HEADER = `${CSV_COLUMNS.join(",")}\r\n`;

/**
 * What makes a spreadsheet take a cell for a formula, fullwidth forms included (OWASP, "CSV Injection"), also behind spaces
 * and characters that are not seen, which some trim.
 */
const FORMULA_START = /^(?:[\t\r\n]|[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;
const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** RFC 4180 asks for quotes around the first four; the others are where readers with other habits would split or trim. */
const NEEDS_QUOTES = /[",\r\n;\t]|^ | $/;

/**
 * One record as a line of CSV (RFC 4180), CRLF included. A cell that a spreadsheet would run as a formula gets a leading
 * apostrophe; a plain number such as -12.5 stays what it is.
 */
export function writeCsvRow(fields: CsvFields): string {
  return writeCsvLine(CSV_COLUMNS.map((column) => String(fields[column])));
}

/** Cells as a line of CSV, made safe likewise. */
export function writeCsvLine(cells: readonly string[]): string {
  return `${cells.map(writeCell).join(",")}\r\n`;
}

function writeCell(text: string): string {
  const safe = FORMULA_START.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
