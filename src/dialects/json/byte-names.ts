/** Short texts that come again and again, as UTF-8, each with a number from 0 on. */
export type ByteNames = {
  /** The number of the text from `from` up to `to`, whose `hash` the caller computed; -1 where it is not known. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number;
  /** Adds a text that is not known, and gives its number; -1 where there is no place for it. */
  add(bytes: Uint8Array, from: number, to: number, hash: number): number;
  size(): number;
  clear(): void;
};

/** Places looked at for one text: where somebody chose texts that all want the same place, most of them get none. */
const MAX_PROBES = 32;

/** `capacity` is a power of two. */
export function createByteNames(capacity: number): ByteNames {
  // Each slot has the number of a name, and one more; 0 where there is none. Half of them are free at least.
  const slots = new Int32Array(capacity * 2);
  const mask = slots.length - 1;
  const hashes = new Int32Array(capacity);
  const ends = new Int32Array(capacity + 1);
  let names = new Uint8Array(capacity);
  let size = 0;

  function equals(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = ends[id] as number;
    if ((ends[id + 1] as number) - start !== to - from) return false;
    for (let at = from, place = start; at < to; at += 1, place += 1) if (names[place] !== bytes[at]) return false;
    return true;
  }

  return {
    find(bytes, from, to, hash) {
      for (let probe = 0; probe < MAX_PROBES; probe += 1) {
        const id = (slots[(hash + probe) & mask] as number) - 1;
        if (id < 0) return -1;
        if (hashes[id] === hash && equals(id, bytes, from, to)) return id;
      }
      return -1;
    },
    add(bytes, from, to, hash) {
      let probe = 0;
      while (probe < MAX_PROBES && slots[(hash + probe) & mask] !== 0) probe += 1;
      if (probe === MAX_PROBES || size === capacity) return -1;
      const id = size;
      size += 1;
      slots[(hash + probe) & mask] = size;
      hashes[id] = hash;
      let end = ends[id] as number;
      if (end + to - from > names.length) names = enlarged(names, end + to - from);
      for (let at = from; at < to; at += 1, end += 1) names[end] = bytes[at] as number;
      ends[size] = end;
      return id;
    },
    size: () => size,
    clear() {
      slots.fill(0);
      size = 0;
    },
  };
}

function enlarged(names: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(needed * 2);
  larger.set(names);
  return larger;
}
