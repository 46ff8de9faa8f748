import { alignColumns } from "./align-columns.ts";
import type { Paint } from "./colours.ts";
import { sanitizeText } from "./sanitize.ts";
import { formatTime } from "./time.ts";

/** A token as people see it: never its secret. Times are RFC 3339. */
export type TokenRow = {
  name: string;
  service: string;
  scopes: readonly string[];
  state: "in force" | "expired" | "revoked";
  created_at: string;
  expires_at: string | null;
};

/** One line a token, under headings. */
export function renderTokenTable(rows: readonly TokenRow[], paint: Paint): string {
  const head = ["NAME", "SERVICE", "SCOPES", "STATE", "CREATED", "EXPIRES"].map(paint.heading);
  return alignColumns([head, ...rows.map(cellsOf)]);
}

function cellsOf({ name, service, scopes, state, created_at, expires_at }: TokenRow): string[] {
  const times = [created_at, expires_at].map((time) => (time === null ? "never" : formatTime(time, false).slice(0, 16)));
  return [sanitizeText(name), sanitizeText(service), scopes.join(","), state, ...times];
}
