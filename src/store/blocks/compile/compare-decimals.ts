/** The parts of a decimal number as JSON writes it. */
const PARTS = /^(-?)0*(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/**
 * The sign of `a` less `b`, both decimal numbers as JSON writes them, of any size and with any number of digits. Doubles decide
 * where they differ, since rounding keeps the order; digits are compared only of numbers that round to the same one.
 */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [Number(a), Number(b)];
  if (left !== right) return left < right ? -1 : 1;
  if (a === b) return 0;
  const [one, other] = [readDecimal(a), readDecimal(b)];
  if (one.sign !== other.sign) return one.sign - other.sign;
  if (one.power !== other.power) return one.power < other.power ? -one.sign : one.sign;
  if (one.digits === other.digits) return 0;
  return one.digits < other.digits ? -one.sign : one.sign;
}

/** Stands for sign * 0.digits * 10^power; the digits neither begin nor end with zeros, so that their order is that of texts. */
function readDecimal(text: string): { sign: number; digits: string; power: number } {
  const [, minus = "", whole = "", fraction = "", exponent = "0"] = PARTS.exec(text) ?? [];
  const all = whole + fraction;
  let first = 0;
  while (all[first] === "0") first += 1;
  let end = all.length;
  while (end > first && all[end - 1] === "0") end -= 1;
  if (first === end) return { sign: 0, digits: "", power: 0 };
  return { sign: minus === "" ? 1 : -1, digits: all.slice(first, end), power: Number(exponent) + whole.length - first };
}
