/** Whether digits were lost when the number was read: beyond 2^53 neighbouring whole numbers fall together. */
export function isInexact(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const NUMBER = /-?\d[\d.eE+-]*/y;

/**
 * JSON text with each number that JavaScript cannot hold exactly put in quotes. What is no JSON stays no JSON; a line of
 * NDJSON with a quote too many does not spoil the next one, since no JSON string goes on over the end of a line.
 */
export function quoteInexactNumbers(json: string): string {
  let quoted = "";
  let copied = 0;
  for (let at = 0; at < json.length; ) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) {
      at = endOfString(json, at + 1);
      continue;
    }
    NUMBER.lastIndex = at;
    const number = unit === 45 || (unit >= 48 && unit <= 57) ? NUMBER.exec(json)?.[0] : undefined;
    if (number !== undefined && isInexact(Number(number))) {
      quoted += `${json.slice(copied, at)}"${number}"`;
      copied = at + number.length;
    }
    at += number?.length ?? 1;
  }
  return quoted + json.slice(copied);
}

function endOfString(json: string, start: number): number {
  for (let at = start; at < json.length; at += 1) {
    const unit = json.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE || unit === NEWLINE) return at + 1;
  }
  return json.length;
}
