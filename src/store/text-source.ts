/** The texts of many rows, handed out in order, a stretch at a time: whoever takes them holds no more than that. */
export type TextSource = {
  /** The next so many UTF-16 units. */
  take(units: number): string;
};

/** A source of what `chunks` give one after another; each is asked for when it is needed. */
export function createTextSource(chunks: Iterable<string>): TextSource {
  const iterator = chunks[Symbol.iterator]();
  let chunk = "";
  let used = 0;
  return {
    take(units) {
      let taken = "";
      for (let left = units; left > 0; ) {
        if (used === chunk.length) {
          const next = iterator.next();
          if (next.done) throw new Error(`the texts end ${left} units before their lengths say`);
          chunk = next.value;
          used = 0;
        }
        const piece = chunk.slice(used, used + left);
        taken = taken === "" ? piece : taken + piece;
        used += piece.length;
        left -= piece.length;
      }
      return taken;
    },
  };
}
