import { LogctlError } from "../../errors.ts";

const SIZE = /^(\d{1,15}(?:\.\d{1,3})?) ?([kmgt])(i?)b$/i;
const POWERS = "kmgt";

/** A size such as 500MB (of 1000) or 10GiB (of 1024), in bytes, `minBytes` at least. Throws `usage`, naming the flag. */
export function parseSize(flag: string, text: string, minBytes: number): number {
  const [, count, unit, binary] = SIZE.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new LogctlError("usage", `${flag} '${text}' is no size; write it as 500MB, 10GB or 10GiB`);
  }
  const bytes = Math.floor(Number(count) * (binary === "" ? 1000 : 1024) ** (POWERS.indexOf(unit.toLowerCase()) + 1));
  if (bytes >= minBytes && Number.isSafeInteger(bytes)) return bytes;
  throw new LogctlError("usage", `${flag} '${text}' is out of range; ${minBytes / 1e6}MB is the least`);
}
