const SPECIAL_IN_PATTERN = /[\\^$.*+?()[\]{}|/-]/g;

let last: { wanted: string; pattern: RegExp } | undefined;

/**
 * Where a folded text occurs first in ASCII, in any case, from a place on; -1 where it does not. The engine's search in any case
 * is far quicker than folding, but of other letters it has another opinion.
 */
export function findInAscii(wanted: string, ascii: string, from: number): number {
  if (last?.wanted !== wanted) {
    last = { wanted, pattern: new RegExp(wanted.replaceAll(SPECIAL_IN_PATTERN, "\\$&"), "gi") };
  }
  last.pattern.lastIndex = from;
  return last.pattern.exec(ascii)?.index ?? -1;
}
