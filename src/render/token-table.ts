import { alignColumns } from "./text/align-columns.ts";
import type { Paint } from "./text/colours.ts";
import { sanitizeText } from "./text/sanitize.ts";
import { formatTime } from "./text/time.ts";

/** A token as people see it: never its secret. Times are RFC 3339. */
export type TokenRow = {
  name: string;
  service: string;
  scopes: readonly string[];
  /** Rotating: its old secret is good as well, for a while. */
  state: "in force" | "rotating" | "expired" | "revoked";
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  old_secret_until: string | null;
  /** Records a second. */
  rate_limit: number | null;
  daily_quota_bytes: number | null;
};

/** One line a token, under headings; limits are there where one has any. */
export function renderTokenTable(rows: readonly TokenRow[], paint: Paint): string {
  const hasLimits = rows.some((row) => limitsOf(row) !== "none");
  const head = ["NAME", "SERVICE", "SCOPES", "STATE", "CREATED", "EXPIRES", "LAST USED", ...(hasLimits ? ["LIMITS"] : [])];
  return alignColumns([head.map(paint.heading), ...rows.map((row) => [...cellsOf(row), ...(hasLimits ? [limitsOf(row)] : [])])]);
}

function cellsOf({ name, service, scopes, state, created_at, expires_at, last_used_at }: TokenRow): string[] {
  const day = minuteOf(created_at).slice(0, 10);
  const cells = [sanitizeText(name), sanitizeText(service), scopes.join(","), state, day];
  return [...cells, ...[expires_at, last_used_at].map((time) => (time === null ? "never" : minuteOf(time)))];
}

function minuteOf(time: string): string {
  return formatTime(time, false).slice(0, 16);
}

function limitsOf({ rate_limit, daily_quota_bytes }: TokenRow): string {
  const limits = [
    ...(rate_limit === null ? [] : [`${rate_limit}/s`]),
    ...(daily_quota_bytes === null ? [] : [`${daily_quota_bytes / 1e6}MB/day`]),
  ];
  return limits.join(", ") || "none";
}
