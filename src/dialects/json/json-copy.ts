import { type ByteNames, createByteNames } from "./byte-names.ts";
import { endOfNumber, isDigit, isStringified, textOf } from "./number-text.ts";

/**
 * JSON read from its bytes, and copied as `JSON.stringify` would write what `JSON.parse` made of it, without a value in
 * between. What is not copied so easily is left to these two: an escape that JSON.stringify writes in another way, an object
 * in which a name comes twice, or looks like a whole number and would go first, a number in another form.
 */
export type JsonCopy = {
  source: Uint8Array;
  /** What is read next; nothing from `end` on. */
  at: number;
  end: number;
  /** Whether line ends are white space; where each line is an object they are not. */
  multiline: boolean;
  target: Uint8Array;
  /** Where the next byte goes. There is to be room for as many as are read. */
  to: number;
  /** By how many the bytes copied so far outnumber their UTF-16 units. */
  excess: number;
  /** The names of members that were met. */
  names: ByteNames;
  /** By depth and name, the number of the object that had it last. */
  owners: Int32Array;
  objects: number;
};

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, COLON] = [34, 44, 58];
const [ARRAY_START, BACKSLASH, ARRAY_END, OBJECT_START, OBJECT_END] = [91, 92, 93, 123, 125];

/** What a byte is inside a string. */
const [PLAIN, WIDE, END, ESCAPE, CONTROL] = [0, 1, 2, 3, 4];
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return END;
  if (byte === BACKSLASH) return ESCAPE;
  return byte < SPACE ? CONTROL : byte < 0x80 ? PLAIN : WIDE;
});

/** The escapes that JSON.stringify writes: by their letter, what they stand for. */
const escapes = new Uint8Array(256);
for (const letter of '"\\bfnrt') escapes[letter.charCodeAt(0)] = (JSON.parse(`"\\${letter}"`) as string).charCodeAt(0);

/** Names that are known at a time. */
export const MAX_NAMES = 4096;
const MAX_NAME_BYTES = 128;
/** Objects in objects whose names are told apart. */
const MAX_DEPTH = 8;
const MAX_OBJECTS = 2 ** 30;

const [TRUE, FALSE, NULL] = ["true", "false", "null"].map((word) => new TextEncoder().encode(word)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

export function createJsonCopy(): JsonCopy {
  const none = new Uint8Array();
  const names = createByteNames(MAX_NAMES);
  const owners = new Int32Array(MAX_NAMES * MAX_DEPTH);
  return { source: none, at: 0, end: 0, multiline: false, target: none, to: 0, excess: 0, names, owners, objects: 0 };
}

/** Forgets the names that were met, where these became many. To be called while no object is under way. */
export function forgetNames(copy: JsonCopy): boolean {
  if (copy.names.size() < MAX_NAMES / 2 && copy.objects < MAX_OBJECTS) return false;
  copy.names.clear();
  copy.owners.fill(0);
  copy.objects = 0;
  return true;
}

/** Passes over white space, and gives the byte behind it; NaN at the end. */
export function nextByte(copy: JsonCopy): number {
  const { source, end, multiline } = copy;
  let at = copy.at;
  for (; at < end; at += 1) {
    const byte = source[at] as number;
    if (byte > SPACE) {
      copy.at = at;
      return byte;
    }
    if (byte !== SPACE && byte !== TAB && !(multiline && (byte === LINE_FEED || byte === CARRIAGE_RETURN))) break;
  }
  copy.at = at;
  return Number.NaN;
}

/**
 * The number in `names` of the ASCII text without escapes that starts behind the quote at `copy.at`, and goes behind its
 * closing quote; -1 where it is no such text. A text not met before is added.
 */
export function readName(copy: JsonCopy, names: ByteNames): number {
  const { source, end } = copy;
  const from = copy.at + 1;
  let hash = 0;
  for (let at = from; at < end; at += 1) {
    const byte = source[at] as number;
    const kind = kinds[byte];
    if (kind === PLAIN) {
      hash = (Math.imul(hash, 31) + byte) | 0;
      continue;
    }
    if (kind !== END) return -1;
    copy.at = at + 1;
    const known = names.find(source, from, at, hash);
    if (known >= 0 || at - from > MAX_NAME_BYTES) return known;
    return names.add(source, from, at, hash);
  }
  return -1;
}

/** Where the ASCII text without escapes ends that starts behind the quote at `copy.at`, which goes behind its closing quote; -1 where it is no such text. */
export function readPlainText(copy: JsonCopy): number {
  const { source, end } = copy;
  for (let at = copy.at + 1; at < end; at += 1) {
    const kind = kinds[source[at] as number];
    if (kind === PLAIN) continue;
    if (kind !== END) return -1;
    copy.at = at + 1;
    return at;
  }
  return -1;
}

/** Copies the string whose opening quote is at `copy.at`, as JSON or, unquoted, as what it stands for. */
export function copyString(copy: JsonCopy, quoted: boolean): boolean {
  const { source, target, end } = copy;
  let to = copy.to;
  if (quoted) target[to++] = QUOTE;
  for (let at = copy.at + 1; at < end; at += 1) {
    const byte = source[at] as number;
    const kind = kinds[byte];
    if (kind === PLAIN) {
      target[to++] = byte;
    } else if (kind === WIDE) {
      target[to++] = byte;
      // Of characters of two and three bytes all but one are too many; those of four are two units.
      copy.excess += byte < 0xc0 ? 1 : byte < 0xf0 ? 0 : -1;
    } else if (kind === END) {
      if (quoted) target[to++] = QUOTE;
      copy.to = to;
      copy.at = at + 1;
      return true;
    } else {
      at += 1;
      const letter = at < end ? (source[at] as number) : 0;
      const meant = escapes[letter] as number;
      if (kind === CONTROL || meant === 0) return false;
      if (quoted) target[to++] = byte;
      target[to++] = quoted ? letter : meant;
    }
  }
  return false;
}

/** Copies the value that starts at `copy.at`; false where it cannot, or where there is none. */
export function copyValue(copy: JsonCopy, depth: number): boolean {
  const byte = copy.at < copy.end ? (copy.source[copy.at] as number) : 0;
  switch (byte) {
    case QUOTE:
      return copyString(copy, true);
    case OBJECT_START:
      return copyObject(copy, depth + 1);
    case ARRAY_START:
      return copyArray(copy, depth + 1);
    case 0x74:
      return copyWord(copy, TRUE);
    case 0x66:
      return copyWord(copy, FALSE);
    case 0x6e:
      return copyWord(copy, NULL);
    default:
      return copyNumber(copy);
  }
}

function copyWord(copy: JsonCopy, word: Uint8Array): boolean {
  const { source, target, at, to } = copy;
  if (at + word.length > copy.end) return false;
  for (let i = 0; i < word.length; i += 1) {
    if (source[at + i] !== word[i]) return false;
    target[to + i] = word[i] as number;
  }
  copy.at += word.length;
  copy.to += word.length;
  return true;
}

function copyNumber(copy: JsonCopy): boolean {
  const { source, target, at: from } = copy;
  const at = endOfNumber(source, from, copy.end);
  if (!isStringified(source, from, at)) return false;
  let to = copy.to;
  for (let place = from; place < at; place += 1) target[to++] = source[place] as number;
  copy.to = to;
  copy.at = at;
  return true;
}

function copyArray(copy: JsonCopy, depth: number): boolean {
  if (depth >= MAX_DEPTH) return false;
  const { target } = copy;
  target[copy.to++] = ARRAY_START;
  copy.at += 1;
  let byte = nextByte(copy);
  while (byte !== ARRAY_END) {
    if (!copyValue(copy, depth)) return false;
    byte = nextByte(copy);
    if (byte === ARRAY_END) break;
    if (byte !== COMMA) return false;
    target[copy.to++] = COMMA;
    copy.at += 1;
    // Not another end: a value has to follow.
    if (nextByte(copy) === ARRAY_END) return false;
  }
  target[copy.to++] = ARRAY_END;
  copy.at += 1;
  return true;
}

function copyObject(copy: JsonCopy, depth: number): boolean {
  if (depth >= MAX_DEPTH) return false;
  copy.target[copy.to++] = OBJECT_START;
  copy.objects += 1;
  if (copyMembers(copy, depth, copy.objects) < 0) return false;
  copy.target[copy.to++] = OBJECT_END;
  return true;
}

/**
 * Copies the members of the object that starts at `copy.at`, without its braces, and goes behind it. Answers how many there
 * are, or -1 where it cannot. `object` is the number whose names they are.
 */
export function copyMembers(copy: JsonCopy, depth: number, object: number): number {
  copy.at += 1;
  let byte = nextByte(copy);
  for (let members = 0; byte !== OBJECT_END || members > 0; members += 1) {
    const start = copy.at;
    const name = byte === QUOTE ? readName(copy, copy.names) : -1;
    if (name < 0 || !copyMember(copy, name, start, depth, object, members === 0)) return -1;
    byte = nextByte(copy);
    copy.at += 1;
    if (byte === OBJECT_END) return members + 1;
    if (byte !== COMMA) return -1;
    byte = nextByte(copy);
  }
  copy.at += 1;
  return 0;
}

/** Copies a member from behind its name, which starts at `start`; `first` is one that no comma goes before. */
export function copyMember(copy: JsonCopy, name: number, start: number, depth: number, object: number, first: boolean): boolean {
  const { source, target, owners, at: end } = copy;
  const place = depth * MAX_NAMES + name;
  if (owners[place] === object || isDigit(source[start + 1] as number)) return false;
  owners[place] = object;
  let to = copy.to;
  if (!first) target[to++] = COMMA;
  for (let at = start; at < end; at += 1) target[to++] = source[at] as number;
  target[to++] = COLON;
  copy.to = to;
  return goToValue(copy) && copyValue(copy, depth);
}

/** From behind a name to its value. */
export function goToValue(copy: JsonCopy): boolean {
  if (nextByte(copy) !== COLON) return false;
  copy.at += 1;
  return !Number.isNaN(nextByte(copy));
}

/** The number that starts at `copy.at` in the form that JSON.stringify gives it; NaN where it is none. */
export function readNumber(copy: JsonCopy): number {
  const { source, at: from } = copy;
  const to = endOfNumber(source, from, copy.end);
  if (!isStringified(source, from, to)) return Number.NaN;
  copy.at = to;
  return Number(textOf(source, from, to));
}
