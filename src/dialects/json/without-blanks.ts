import { isSpace, STEP_BYTES } from "./walk-json.ts";

const [QUOTE, BACKSLASH] = [34, 92];

/** A copy of the JSON from `start` up to `end` without the white space between its parts, which leaves so many bytes of it. */
export function* withoutBlanks(body: Uint8Array, start: number, end: number, bytes: number): Generator<undefined, Uint8Array> {
  const text = new Uint8Array(bytes);
  let length = 0;
  let inString = false;
  for (let at = start; at < end; at += 1) {
    if ((at - start) % STEP_BYTES === 0) yield;
    const byte = body[at] as number;
    if (!inString && isSpace(byte)) continue;
    text[length++] = byte;
    if (byte === QUOTE) inString = !inString;
    else if (inString && byte === BACKSLASH) text[length++] = body[++at] as number;
  }
  return text.subarray(0, length);
}
