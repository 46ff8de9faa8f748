/**
 * Different numbers, and of a counted one how often each occurs: an open-addressed table in typed arrays, since of these there
 * are hundreds of thousands at one time, and an entry of a Map or Set takes several times the room. -0 is the same as 0.
 */
export type NumberTable = {
  size: number;
  /** A power of two of slots; NaN where there is none. */
  keys: Float64Array;
  /** How often the number in the same slot occurs; undefined where nobody counts. */
  times: Float64Array | undefined;
};

const MIN_SLOTS = 4;

export function createNumberTable(counted: boolean): NumberTable {
  return { size: 0, keys: emptySlots(MIN_SLOTS), times: counted ? new Float64Array(MIN_SLOTS) : undefined };
}

/** The number, which must not be NaN, occurs so many times more. */
export function addToTable(table: NumberTable, key: number, times: number): void {
  let slot = slotOf(table.keys, key);
  if (table.keys[slot] !== key) {
    // No more than three of four are taken.
    if (4 * (table.size + 1) > 3 * table.keys.length) {
      double(table);
      slot = slotOf(table.keys, key);
    }
    // -0 as 0.
    table.keys[slot] = key + 0;
    table.size += 1;
  }
  if (table.times !== undefined) table.times[slot] = (table.times[slot] as number) + times;
}

/** How often the number occurs in a counted table. */
export function timesIn({ keys, times }: NumberTable, key: number): number {
  const slot = slotOf(keys, key);
  return keys[slot] === key ? (times?.[slot] as number) : 0;
}

/** The different numbers, in no order. */
export function numbersIn({ size, keys }: NumberTable): Float64Array {
  const numbers = new Float64Array(size);
  let count = 0;
  for (let slot = 0; slot < keys.length; slot += 1) {
    const key = keys[slot] as number;
    if (Number.isNaN(key)) continue;
    numbers[count] = key;
    count += 1;
  }
  return numbers;
}

function double(table: NumberTable): void {
  const { keys, times } = table;
  table.keys = emptySlots(2 * keys.length);
  if (times !== undefined) table.times = new Float64Array(2 * keys.length);
  for (let from = 0; from < keys.length; from += 1) {
    const key = keys[from] as number;
    if (Number.isNaN(key)) continue;
    const slot = slotOf(table.keys, key);
    table.keys[slot] = key;
    if (times !== undefined) (table.times as Float64Array)[slot] = times[from] as number;
  }
}

function emptySlots(slots: number): Float64Array {
  return new Float64Array(slots).fill(Number.NaN);
}

const double64 = new Float64Array(1);
const halves = new Uint32Array(double64.buffer);

/** Where the number is, or the free slot that it would take. */
function slotOf(keys: Float64Array, key: number): number {
  // -0 is equal to 0, and would lie elsewhere.
  double64[0] = key + 0;
  const mixed = Math.imul((halves[0] as number) ^ Math.imul(halves[1] as number, 0x9e3779b1), 0x85ebca6b);
  const mask = keys.length - 1;
  let slot = (mixed ^ (mixed >>> 15)) & mask;
  for (;;) {
    const found = keys[slot] as number;
    if (found === key || Number.isNaN(found)) return slot;
    slot = (slot + 1) & mask;
  }
}
