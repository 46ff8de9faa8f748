/**
 * The lines of `text`, none wider than `width`. Long words are cut here: wrapAnsi parts emoji, and takes ❤️ for one column.
 */
export function wrapAt(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, width));
}

function wrapLine(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const line of Bun.wrapAnsi(text, width, { trim: false }).split("\n")) {
    const last = lines.at(-1);
    // Behind the end of a word that was cut there is room again.
    if (last !== undefined && displayWidth(last) + displayWidth(line) <= width) lines[lines.length - 1] = last + line;
    else lines.push(...cutWords(line, width));
  }
  return lines.map((line, index) => (index === 0 ? line : withoutIndent(line)));
}

/** A line may begin with the spaces at which it was broken. */
function withoutIndent(line: string): string {
  const indent = Bun.stripANSI(line).search(/[^ ]|$/);
  return indent === 0 ? line : Bun.sliceAnsi(line, indent);
}

/** `line`, cut wherever `width` is full. */
function cutWords(line: string, width: number): string[] {
  const parts: string[] = [];
  let rest = line;
  while (displayWidth(rest) > width) {
    const part = startOf(rest, width);
    if (part === undefined) return hardWrap(line, width);
    parts.push(part);
    rest = Bun.sliceAnsi(rest, displayWidth(part));
  }
  return [...parts, rest];
}

function hardWrap(text: string, width: number): string[] {
  return Bun.wrapAnsi(text, width, { hard: true, trim: false }).split("\n");
}

/** As many of the first characters of `text` as fit into `width` columns; undefined where its first, of many letters, does not. */
function startOf(text: string, width: number): string | undefined {
  // Of a wide character that begins in the last column, sliceAnsi keeps all.
  return [width, width - 1].map((end) => Bun.sliceAnsi(text, 0, end)).find((start) => displayWidth(start) <= width);
}

/** The columns that `text` takes on a terminal; colours take none. */
export function displayWidth(text: string): number {
  return Bun.stringWidth(text);
}

/** `text` and as many spaces as make it `width` columns wide. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** `text`, or as much of it as fits into `width` columns with an ellipsis at its end. */
export function fitTo(text: string, width: number): string {
  return displayWidth(text) <= width ? text : `${startOf(text, width - 1) ?? hardWrap(text, width - 1)[0]}…`;
}
