import { isSpace, STEP_BYTES } from "./walk-json.ts";

const [QUOTE, COLON, ARRAY_START, BACKSLASH, LETTER_L] = [34, 58, 91, 92, 108];
/** The name, with its quotes, as long as it may be when every character of it is escaped. */
const MAX_NAME_BYTES = '"\\u006c\\u006f\\u0067\\u0073"'.length;
const utf8 = new TextDecoder();

/** Behind the bracket of a list called `logs`, whose name is next from `from` on; -1 where it is not. */
export function startOfList(body: Uint8Array, from: number): number {
  const start = afterSpace(body, from);
  if (body[start] !== QUOTE) return -1;
  // Each body's first object is asked: most names are told apart by a byte.
  if (body[start + 1] !== LETTER_L && body[start + 1] !== BACKSLASH) return -1;
  let end = start + 1;
  while (end - start < MAX_NAME_BYTES && body[end] !== QUOTE) end += 1;
  if (body[end] !== QUOTE || !isListName(utf8.decode(body.subarray(start, end + 1)))) return -1;
  const colon = afterSpace(body, end + 1);
  const bracket = body[colon] === COLON ? afterSpace(body, colon + 1) : -1;
  return body[bracket] === ARRAY_START ? bracket + 1 : -1;
}

function isListName(json: string): boolean {
  try {
    return JSON.parse(json) === "logs";
  } catch {
    return false;
  }
}

/** The first visible byte from `from` on, as far as one step looks. */
function afterSpace(body: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(body[at]) && at < from + STEP_BYTES) at += 1;
  return at;
}
