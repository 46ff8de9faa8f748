/**
 * Log text is written by whoever can make a service log something, and a terminal obeys what it reads. What could move the
 * cursor, hide, reorder or forge what is seen is shown by its escape instead: control characters (C0, DEL, C1), line and
 * paragraph separators, bidi controls, invisible characters (zero-width, tags, fillers), lone surrogates, and combining
 * marks that pile up.
 */

/** Marks that one base may carry; more than these grow over neighbouring lines. */
const MAX_MARKS = 4;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** What the first three alternatives match is invisible elsewhere, but part of an emoji's look, and stays. */
const UNSAFE = new RegExp(
  [
    String.raw`(?<=\p{Extended_Pictographic})[\ufe0e\ufe0f]`,
    String.raw`(?<=[0-9#*])\ufe0f(?=\u20e3)`,
    String.raw`(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d(?=\p{Extended_Pictographic})`,
    String.raw`([\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]`,
    String.raw`(?<=\p{M}{${MAX_MARKS}})\p{M})`,
  ].join("|"),
  "gu",
);

const SHORT_ESCAPES: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function replaceUnsafe(text: string, escapeOf: (character: string) => string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replace(UNSAFE, (match, unsafe: string | undefined) => (unsafe === undefined ? match : escapeOf(unsafe)));
}

/** `text` as one line that is safe to show; escapes (`\n`, `\x1b`, `\u202e`, `\u{e0041}`) are passed through `paintEscape`. */
export function sanitizeText(text: string, paintEscape: (escaped: string) => string = (escaped) => escaped): string {
  return replaceUnsafe(text, (character) => paintEscape(visibleEscape(character)));
}

function visibleEscape(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

/**
 * JSON text with everything unsafe as \uXXXX: it means the same and is safe to show. Expects one line; a line end
 * between its tokens would not survive.
 */
export function sanitizeJson(json: string): string {
  return replaceUnsafe(json, (character) => {
    let escaped = "";
    for (let index = 0; index < character.length; index += 1) {
      escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

/**
 * A message as the lines to show: CRLF counts as one line end, a lone CR as none, line ends at its end are dropped, and
 * tabs that indent (a stack trace's) are spaces.
 */
export function messageLines(message: string): string[] {
  const lines = message.split(/\r?\n/);
  while (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/^[\t ]+/, (indent) => indent.replaceAll("\t", "    ")));
}
