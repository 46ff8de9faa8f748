/**
 * Where each of the texts that lie one after another in `utf8` starts, with one more entry for the end. `lengths` are theirs
 * in UTF-16 units. Throws where they are not those of the texts.
 */
export function offsetsOf(utf8: Uint8Array, lengths: Uint32Array): Uint32Array {
  const nextWide = createWideFinder(utf8);
  const offsets = new Uint32Array(lengths.length + 1);
  let at = 0;
  for (let row = 0, wide = nextWide(0); row < lengths.length; row += 1) {
    at += lengths[row] as number;
    while (wide < at) {
      const byte = utf8[wide] as number;
      // Of two bytes is what has one unit; of three as well; of four what has two.
      at += byte < 0xe0 ? 1 : 2;
      wide = nextWide(wide + (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4));
    }
    offsets[row + 1] = at;
  }
  if (at !== utf8.length) throw new Error(`the texts take ${utf8.length} bytes, and ${at} by their lengths`);
  return offsets;
}

const BEYOND_ASCII = 0x80;
const FOUR_BEYOND_ASCII = 0x80808080;

/** Finds the first byte beyond ASCII from a place on, four at a time. Texts without any are passed over quickly. */
function createWideFinder(utf8: Uint8Array): (from: number) => number {
  // Numbers of four bytes start where their place in memory is a multiple of four.
  const head = -utf8.byteOffset & 3;
  const count = (utf8.length - head) >> 2;
  const fours = count > 0 ? new Int32Array(utf8.buffer, utf8.byteOffset + head, count) : new Int32Array();
  return (from) => {
    let at = from;
    for (; ((at - head) & 3) !== 0 && at < utf8.length; at += 1) if ((utf8[at] as number) >= BEYOND_ASCII) return at;
    let four = (at - head) >> 2;
    while (four < fours.length && ((fours[four] as number) & FOUR_BEYOND_ASCII) === 0) four += 1;
    for (at = Math.max(at, head + four * 4); at < utf8.length; at += 1) if ((utf8[at] as number) >= BEYOND_ASCII) return at;
    return Number.POSITIVE_INFINITY;
  };
}
