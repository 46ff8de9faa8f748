/** Many texts that are looked for in one pass. */
export type Needles = {
  /**
   * Calls `accepts` with each of them that occurs in `text` from `start` on and before `end`, and where it begins; answers
   * true, and looks no further, once it accepts one.
   */
  some(text: string, start: number, end: number, accepts: (needle: number, at: number) => boolean): boolean;
};

/** Of 4 bytes each: what the texts of a query come to, but for one of thousands of different characters. */
const MAX_CELLS = 4_000_000;
const UNITS = 0x1_0000;
const NONE = -1;

/**
 * Makes texts ready to be looked for together, in a time that grows with the text that is searched, and not with their number
 * (A. V. Aho and M. J. Corasick, "Efficient string matching", 1975). An empty one is never found. Undefined where the table
 * would be too large.
 */
export function createNeedles(texts: readonly string[]): Needles | undefined {
  // Units that are in none of the texts are all alike: class 0.
  const classOf = new Uint16Array(UNITS);
  let classes = 1;
  let states = 1;
  for (const text of texts) {
    states += text.length;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (classOf[unit] === 0) classOf[unit] = classes++;
    }
  }
  if (states * classes > MAX_CELLS) return undefined;
  const next = new Int32Array(states * classes).fill(NONE);
  const own: number[][] = [[]];
  for (const [needle, text] of texts.entries()) {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      const cell = state * classes + (classOf[text.charCodeAt(at)] as number);
      if (next[cell] === NONE) next[cell] = own.push([]) - 1;
      state = next[cell] as number;
    }
    if (state !== 0) own[state]?.push(needle);
  }
  const ends = linkStates(next, classes, own);
  const lengths = texts.map(({ length }) => length);
  return {
    some(text, start, end, accepts) {
      let state = 0;
      for (let at = start; at < end; at += 1) {
        state = next[state * classes + (classOf[text.charCodeAt(at)] as number)] as number;
        for (let found = ends.first[state] as number; found !== 0; found = ends.further[found] as number) {
          for (const needle of own[found] as number[]) {
            if (accepts(needle, at + 1 - (lengths[needle] as number))) return true;
          }
        }
      }
      return false;
    },
  };
}

/**
 * Gives each state a next one for every class. Answers, for each state, the longest of its ends at which a text ends (0: none),
 * and for each of those the next shorter one.
 */
function linkStates(next: Int32Array, classes: number, own: readonly number[][]): { first: Int32Array; further: Int32Array } {
  const first = new Int32Array(own.length);
  const further = new Int32Array(own.length);
  // The state of the longest end of a state that is the start of another text.
  const fallback = new Int32Array(own.length);
  const queue = [0];
  for (let place = 0; place < queue.length; place += 1) {
    const state = queue[place] as number;
    const back = fallback[state] as number;
    further[state] = first[back] as number;
    first[state] = (own[state] as number[]).length > 0 ? state : (further[state] as number);
    for (let unit = 0; unit < classes; unit += 1) {
      const cell = state * classes + unit;
      const byFallback = state === 0 ? 0 : (next[back * classes + unit] as number);
      const follower = next[cell] as number;
      if (follower === NONE) {
        next[cell] = byFallback;
        continue;
      }
      fallback[follower] = byFallback;
      queue.push(follower);
    }
  }
  return { first, further };
}
