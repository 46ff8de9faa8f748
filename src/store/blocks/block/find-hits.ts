let free = new Uint8Array();
let none = new Uint8Array();

/** For each of so many rows a 1 where `find` has set it; not to be written to. Where it sets none, as in most blocks, no memory is taken. */
export function findHits(rows: number, find: (hits: Uint8Array) => void): Uint8Array {
  const hits = free.length < rows ? new Uint8Array(rows) : free.subarray(0, rows);
  // What it leaves behind when it throws is nobody's.
  free = new Uint8Array();
  find(hits);
  if (hits.includes(1)) return hits;
  free = new Uint8Array(hits.buffer);
  if (none.length < rows) none = new Uint8Array(rows);
  return none.subarray(0, rows);
}
