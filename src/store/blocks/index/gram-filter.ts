/**
 * Filters over the grams of texts: three ASCII characters in a row, folded. A filter says for certain that a gram is in
 * none of its texts. It is a bitmap with one bit for each gram, not a Bloom filter of several: a text that is looked for
 * has many grams, and lacks several of them where it does not occur.
 */
const BITS_PER_GRAM = 8;
/** Where there are more grams the filter is fuller, and still says no to what has many. */
const MAX_BYTES = 8192;
const BITS_A_UNIT = 7;
const GRAM_MASK = (1 << (3 * BITS_A_UNIT)) - 1;
/** A gram that is smaller has fewer than three characters. */
const SMALLEST_GRAM = 1 << (2 * BITS_A_UNIT);
const SMALL_I = 0x69;
const SMALL_K = 0x6b;
const SMALL_S = 0x73;

/** Which grams are taken: those of any characters, or of letters alone. */
export const GRAMS = { all: 0, letters: 1 } as const;
export type GramKind = (typeof GRAMS)[keyof typeof GRAMS];

/** For each byte of UTF-8 its folded code, and 0 where it is in no gram. */
const foldedUnits = [new Uint8Array(256), new Uint8Array(256)] as const;
for (let code = 1; code < 128; code += 1) {
  const folded = String.fromCharCode(code).toLowerCase();
  foldedUnits[GRAMS.all][code] = folded.charCodeAt(0);
  if (/[a-z]/.test(folded)) foldedUnits[GRAMS.letters][code] = folded.charCodeAt(0);
}

/** Collects the distinct grams of texts. */
export type GramSet = {
  /** Takes those of one text in UTF-8. */
  add(utf8: Uint8Array): void;
  /** The filter of what was taken, which is forgotten. */
  build(): Uint8Array;
};

export function createGramSet(kind: GramKind): GramSet {
  const unitOf = foldedUnits[kind];
  const seen = new Int32Array((GRAM_MASK + 1) / 32);
  let grams = new Int32Array(1 << 12);
  let count = 0;

  return {
    add(utf8) {
      if (grams.length < count + utf8.length) {
        const larger = new Int32Array((count + utf8.length) * 2);
        larger.set(grams);
        grams = larger;
      }
      let gram = 0;
      for (let at = 0; at < utf8.length; at += 1) {
        let unit = unitOf[utf8[at] as number] as number;
        if (unit === 0) {
          unit = foldedBeyondAscii(utf8, at);
          if (unit === 0) {
            gram = 0;
            continue;
          }
          at += unit === SMALL_K ? 2 : 1;
        }
        gram = ((gram << BITS_A_UNIT) | unit) & GRAM_MASK;
        if (gram < SMALLEST_GRAM) continue;
        const bit = 1 << (gram & 31);
        const held = seen[gram >>> 5] as number;
        if ((held & bit) !== 0) continue;
        seen[gram >>> 5] = held | bit;
        grams[count] = gram;
        count += 1;
      }
    },
    build() {
      const bits = new Uint8Array(Math.min(MAX_BYTES, Math.max(1, Math.ceil((count * BITS_PER_GRAM) / 8))));
      for (let i = 0; i < count; i += 1) {
        const gram = grams[i] as number;
        const bit = bitOf(gram, bits.length * 8);
        bits[bit >>> 3] = (bits[bit >>> 3] as number) | (1 << (bit & 7));
        seen[gram >>> 5] = 0;
      }
      count = 0;
      return bits;
    },
  };
}

/**
 * The only two letters beyond ASCII that fold to one of ASCII are the sign of Kelvin and the dotted I. The long s does not, but
 * is an s to regular expressions that ignore case. 0 where none of them starts at `at`.
 */
function foldedBeyondAscii(utf8: Uint8Array, at: number): number {
  const second = utf8[at + 1];
  switch (utf8[at]) {
    case 0xe2:
      return second === 0x84 && utf8[at + 2] === 0xaa ? SMALL_K : 0;
    case 0xc4:
      return second === 0xb0 ? SMALL_I : 0;
    case 0xc5:
      return second === 0xbf ? SMALL_S : 0;
    default:
      return 0;
  }
}

/** Grams that must be in a text. */
export type QueryGrams = {
  all: number[];
  /** Those of them that are of letters, and are no hexadecimal digits all three: they are in no number and in no identifier. */
  letters: number[];
};

/** The grams of folded texts all of which must be in a text. */
export function queryGrams(texts: readonly string[]): QueryGrams {
  const all = new Set(texts.flatMap((text) => gramsOf(text, GRAMS.all)));
  const letters = new Set(texts.flatMap((text) => gramsOf(text, GRAMS.letters)));
  return { all: [...all], letters: [...letters].filter((gram) => !isHexadecimal(gram)) };
}

function gramsOf(folded: string, kind: GramKind): number[] {
  const grams: number[] = [];
  const unitOf = foldedUnits[kind];
  let gram = 0;
  for (let at = 0; at < folded.length; at += 1) {
    const code = folded.charCodeAt(at);
    const unit = code < 128 ? (unitOf[code] as number) : 0;
    gram = unit === 0 ? 0 : ((gram << BITS_A_UNIT) | unit) & GRAM_MASK;
    if (gram >= SMALLEST_GRAM) grams.push(gram);
  }
  return grams;
}

function isHexadecimal(gram: number): boolean {
  for (let rest = gram; rest > 0; rest >>>= BITS_A_UNIT) if ((rest & 127) > 0x66) return false;
  return true;
}

/** False: one of the grams at least is in no text of the filter. */
export function filterMayHold(bits: Uint8Array, grams: readonly number[]): boolean {
  for (let i = 0; i < grams.length; i += 1) {
    const bit = bitOf(grams[i] as number, bits.length * 8);
    if (((bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** `size` is 65536 at most. */
function bitOf(gram: number, size: number): number {
  const mixed = Math.imul(gram ^ (gram >>> 9), 0x9e3779b1);
  return (((mixed ^ (mixed >>> 15)) & 0xffff) * size) >>> 16;
}
