/**
 * A JSON value that is passed over byte by byte (RFC 8259), in as many steps as are wanted, without a value in between:
 * whether it is whole, where it ends, and what it would take to parse. Bytes from 0x80 on are taken for parts of characters.
 */
export type JsonWalk = {
  source: Uint8Array;
  /** The next byte; in the end the one behind the value, or the one that is no JSON. */
  at: number;
  /** Whether line ends are white space; where each line is a value they are not. */
  multiline: boolean;
  state: number;
  depth: number;
  /** Of each array or object that is open, from the outermost on, a bit: whether it is an object. */
  nesting: Uint8Array;
  isName: boolean;
  /** Hexadecimal digits that the escape under way still needs. */
  digits: number;
  /** The rest of `true`, `false` or `null`. */
  word: Uint8Array;
  /** Levels of arrays and objects, the value itself being the first. */
  deepest: number;
  /** Members of all objects in it together. */
  members: number;
  /** Bytes of white space between its parts. */
  blanks: number;
};

/** What is read at a stretch: some 1 ms. */
export const STEP_BYTES = 64 * 1024;

/** How a step ended. */
export const [WALKING, WHOLE, BROKEN] = [0, 1, 2] as const;

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, PLUS, COMMA, MINUS, POINT, ZERO, NINE, COLON] = [34, 43, 44, 45, 46, 48, 57, 58];
const [ARRAY_START, BACKSLASH, ARRAY_END, OBJECT_START, OBJECT_END] = [91, 92, 93, 123, 125];
const [EXPONENT, UNICODE] = [0x65, 0x75];

/** What has to come next. */
const [VALUE, FIRST_ITEM, FIRST_NAME, NAME, BEHIND_NAME, BEHIND_VALUE, IN_STRING, IN_ESCAPE, IN_HEX, IN_WORD] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;
/** Of a number; those from `IN_ZERO` on may be its end. */
const [IN_MINUS, IN_POINT, IN_EXPONENT, IN_SIGN, IN_ZERO, IN_INTEGER, IN_FRACTION, IN_POWER] = [
  10, 11, 12, 13, 14, 15, 16, 17,
] as const;

const WORDS = new Map(["true", "false", "null"].map((word) => [word.charCodeAt(0), new TextEncoder().encode(word.slice(1))]));
const NO_BYTES = new Uint8Array();
const ESCAPED = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

export function createJsonWalk(source: Uint8Array): JsonWalk {
  const counts = { digits: 0, deepest: 0, members: 0, blanks: 0 };
  const nesting = new Uint8Array(8);
  return { source, at: 0, multiline: true, state: VALUE, depth: 0, nesting, isName: false, word: NO_BYTES, ...counts };
}

/** Begins with the value that starts at `at`. */
export function startWalk(walk: JsonWalk, at: number, multiline: boolean): void {
  walk.at = at;
  walk.multiline = multiline;
  walk.state = VALUE;
  walk.depth = 0;
  walk.deepest = 0;
  walk.members = 0;
  walk.blanks = 0;
}

/** Goes on up to `until`, or to where the value ends or turns out to be no JSON. */
export function goOn(walk: JsonWalk, until: number): typeof WALKING | typeof WHOLE | typeof BROKEN {
  const { source, multiline } = walk;
  const stop = Math.min(until, source.length);
  let { at, state } = walk;
  let how: typeof WALKING | typeof WHOLE | typeof BROKEN = WALKING;
  while (at < stop) {
    const byte = source[at] as number;
    if (state === IN_STRING) {
      let of = byte;
      while (of !== QUOTE && of !== BACKSLASH && of >= SPACE) {
        at += 1;
        if (at === stop) break;
        of = source[at] as number;
      }
      if (at === stop) break;
      if (of < SPACE) {
        how = BROKEN;
        break;
      }
      at += 1;
      state = of === BACKSLASH ? IN_ESCAPE : walk.isName ? BEHIND_NAME : BEHIND_VALUE;
      if (state === BEHIND_VALUE && walk.depth === 0) {
        how = WHOLE;
        break;
      }
      continue;
    }
    if (state >= IN_MINUS) {
      const next = stateOfNumber(state, byte);
      if (next < 0) {
        how = BROKEN;
        break;
      }
      state = next;
      if (next !== BEHIND_VALUE) at += 1;
      else if (walk.depth === 0) {
        how = WHOLE;
        break;
      }
      continue;
    }
    if (state === IN_ESCAPE) {
      if (byte === UNICODE) walk.digits = 4;
      else if (!ESCAPED.has(byte)) {
        how = BROKEN;
        break;
      }
      state = byte === UNICODE ? IN_HEX : IN_STRING;
      at += 1;
      continue;
    }
    if (state === IN_HEX) {
      if (!isHex(byte)) {
        how = BROKEN;
        break;
      }
      walk.digits -= 1;
      if (walk.digits === 0) state = IN_STRING;
      at += 1;
      continue;
    }
    if (state === IN_WORD) {
      if (byte !== walk.word[0]) {
        how = BROKEN;
        break;
      }
      walk.word = walk.word.subarray(1);
      at += 1;
      if (walk.word.length > 0) continue;
      state = BEHIND_VALUE;
      if (walk.depth === 0) {
        how = WHOLE;
        break;
      }
      continue;
    }
    if (byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN || (byte === LINE_FEED && multiline)) {
      walk.blanks += 1;
      at += 1;
      continue;
    }
    at += 1;
    if (state === BEHIND_VALUE || (state === FIRST_ITEM && byte === ARRAY_END) || (state === FIRST_NAME && byte === OBJECT_END)) {
      const isObject = isInObject(walk);
      if (byte === COMMA && state === BEHIND_VALUE) state = isObject ? NAME : VALUE;
      else if (byte === (isObject ? OBJECT_END : ARRAY_END)) {
        walk.depth -= 1;
        state = BEHIND_VALUE;
        if (walk.depth === 0) {
          how = WHOLE;
          break;
        }
      } else {
        at -= 1;
        how = BROKEN;
        break;
      }
    } else if (state === BEHIND_NAME) {
      if (byte !== COLON) {
        at -= 1;
        how = BROKEN;
        break;
      }
      state = VALUE;
    } else if (state === NAME || state === FIRST_NAME) {
      if (byte !== QUOTE) {
        at -= 1;
        how = BROKEN;
        break;
      }
      walk.members += 1;
      walk.isName = true;
      state = IN_STRING;
    } else if (byte === QUOTE) {
      walk.isName = false;
      state = IN_STRING;
    } else if (byte === OBJECT_START || byte === ARRAY_START) {
      open(walk, byte === OBJECT_START);
      state = byte === OBJECT_START ? FIRST_NAME : FIRST_ITEM;
    } else if (byte === MINUS) state = IN_MINUS;
    else if (byte === ZERO) state = IN_ZERO;
    else if (isDigit(byte)) state = IN_INTEGER;
    else {
      const word = WORDS.get(byte);
      if (word === undefined) {
        at -= 1;
        how = BROKEN;
        break;
      }
      walk.word = word;
      state = IN_WORD;
    }
  }
  // A number has no end of its own.
  if (how === WALKING && at === source.length) how = walk.depth === 0 && state >= IN_ZERO ? WHOLE : BROKEN;
  walk.at = at;
  walk.state = state;
  return how;
}

function open(walk: JsonWalk, isObject: boolean): void {
  const place = walk.depth >> 3;
  if (place === walk.nesting.length) {
    const larger = new Uint8Array(place * 2);
    larger.set(walk.nesting);
    walk.nesting = larger;
  }
  const bit = 1 << (walk.depth & 7);
  const bits = walk.nesting[place] as number;
  walk.nesting[place] = isObject ? bits | bit : bits & ~bit;
  walk.depth += 1;
  if (walk.depth > walk.deepest) walk.deepest = walk.depth;
}

function isInObject({ depth, nesting }: JsonWalk): boolean {
  return ((nesting[(depth - 1) >> 3] as number) & (1 << ((depth - 1) & 7))) !== 0;
}

/** What comes behind this byte of a number; `BEHIND_VALUE` where it belongs to it no more, -1 where it may not come. */
function stateOfNumber(state: number, byte: number): number {
  if (isDigit(byte)) {
    if (state === IN_MINUS) return byte === ZERO ? IN_ZERO : IN_INTEGER;
    if (state === IN_ZERO) return -1;
    if (state === IN_POINT) return IN_FRACTION;
    return state === IN_EXPONENT || state === IN_SIGN ? IN_POWER : state;
  }
  if (byte === POINT) return state === IN_ZERO || state === IN_INTEGER ? IN_POINT : -1;
  if ((byte | 32) === EXPONENT) return state === IN_ZERO || state === IN_INTEGER || state === IN_FRACTION ? IN_EXPONENT : -1;
  if (byte === PLUS || byte === MINUS) return state === IN_EXPONENT ? IN_SIGN : -1;
  return state >= IN_ZERO ? BEHIND_VALUE : -1;
}

/** Whether it is white space between the parts of JSON. */
export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isHex(byte: number): boolean {
  const letter = byte | 32;
  return isDigit(byte) || (letter >= 0x61 && letter <= 0x66);
}
