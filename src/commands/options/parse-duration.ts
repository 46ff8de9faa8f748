import { LogctlError } from "../../errors.ts";

const DURATION = /^(\d{1,5})([smhdw])$/;
const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** A duration such as 10s, 30m, 12h, 90d or 4w in ms, never 0. Throws `usage`, naming the flag. */
export function parseDuration(flag: string, text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count !== undefined && unit !== undefined && Number(count) > 0) return Number(count) * (UNIT_MS[unit] as number);
  throw new LogctlError("usage", `${flag} '${text}' is no duration; write it as 12h, 90d or 4w`);
}
