import { LogctlError } from "../../errors.ts";

/** A flag's value as a whole number from `min` to `max`. Throws `usage`, naming the flag. */
export function parseWholeNumber(flag: string, text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new LogctlError("usage", `${flag} '${text}' is no whole number ${range}`);
}
