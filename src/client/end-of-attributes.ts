const [QUOTE, COLON, BACKSLASH] = [34, 58, 92];
const [ARRAY_START, ARRAY_END, OBJECT_START, OBJECT_END] = [91, 93, 123, 125];
const BLANKS = /[ \t\r\n]*/y;

/**
 * The place of the brace that ends `attributes` in the text of a record, of which it is an object; of several, the last. `json` is
 * to be whole.
 */
export function endOfAttributes(json: string): number {
  let depth = 0;
  // Whether the object at the second level is that of the attributes.
  let isWithin = false;
  let end = -1;
  for (let at = 0; at < json.length; at += 1) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) {
      const start = at;
      at = endOfText(json, at);
      const colon = depth === 1 ? afterBlanks(json, at + 1) : 0;
      if (json.charCodeAt(colon) === COLON && depth === 1) isWithin = JSON.parse(json.slice(start, at + 1)) === "attributes";
    } else if (unit === OBJECT_START || unit === ARRAY_START) depth += 1;
    else if (unit === OBJECT_END || unit === ARRAY_END) {
      depth -= 1;
      if (depth === 1 && isWithin && unit === OBJECT_END) end = at;
    }
  }
  return end;
}

/** The quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  for (; json.charCodeAt(at) !== QUOTE; at += 1) if (json.charCodeAt(at) === BACKSLASH) at += 1;
  return at;
}

function afterBlanks(json: string, at: number): number {
  BLANKS.lastIndex = at;
  return at + (BLANKS.exec(json)?.[0].length ?? 0);
}
