import type { Comparison } from "../../../query/query.ts";
import { compareDecimals } from "./compare-decimals.ts";
import type { ScalarTest } from "./scalar-values.ts";

export const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A test of how values compare with `value`. Equal are texts that are the same, numbers of the same size, and true, false
 * and null by name. Greater and less are by size where both read as numbers, else by UTF-16 units, and then among texts only.
 * A number beyond 2^53 is kept as text, so a text that reads as one is equal by its size. Of texts no digit is rounded away.
 */
export function compileComparison(operator: Comparison, value: string): ScalarTest {
  const number = NUMBER.test(value) ? Number(value) : Number.NaN;
  if (operator === "=" && isKeptAsText(number)) {
    return (text) => text === value || (NUMBER.test(text) && compareDecimals(text, value) === 0);
  }
  if (operator === "=") return (text, isText) => text === value || (!isText && Number(text) === number && NUMBER.test(text));
  const isWanted = compileOrder(operator);
  return (text, isText) => {
    const other = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (!Number.isNaN(number) && !Number.isNaN(other)) {
      if (other === number && isText) return isWanted(compareDecimals(text, value));
      return isWanted(other < number ? -1 : other > number ? 1 : 0);
    }
    return isText && isWanted(text < value ? -1 : text > value ? 1 : 0);
  };
}

/** Whether a number that was sent is kept as the text it was sent in, since it loses digits. */
export function isKeptAsText(number: number): boolean {
  return Math.abs(number) > Number.MAX_SAFE_INTEGER;
}

/** The same test of a whole number in JSON; undefined where `value` is no number. */
export function compileNumberComparison(operator: Comparison, value: string): ((number: number) => boolean) | undefined {
  if (!NUMBER.test(value)) return undefined;
  const bound = Number(value);
  if (operator === "=") return (number) => number === bound;
  const isWanted = compileOrder(operator);
  return (number) => isWanted(number < bound ? -1 : number > bound ? 1 : 0);
}

/** A test of the sign of what is on the left less what is on the right. */
export function compileOrder(operator: Comparison): (sign: number) => boolean {
  switch (operator) {
    case "=":
      return (sign) => sign === 0;
    case ">":
      return (sign) => sign > 0;
    case ">=":
      return (sign) => sign >= 0;
    case "<":
      return (sign) => sign < 0;
    case "<=":
      return (sign) => sign <= 0;
  }
}
