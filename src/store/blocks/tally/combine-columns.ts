/** A column of the rows at hand as indexes into its distinct values; undefined where all rows have the first one. */
export type IndexColumn = { size: number; indexes: Uint32Array | undefined };

/** Rows by the combination of their values: each has the number of its combination, and each number stands for one. */
export type Combined = {
  numbers: Uint32Array;
  /** Numbers are smaller than this; not each need occur. */
  size: number;
  /** The index in each column of the combination `number`. */
  indexesOf(number: number): number[];
};

/**
 * Gives each combination of the columns' values a number. Where there are few combinations it is computed from the indexes;
 * where there may be many more than rows, those that occur are numbered one after another.
 */
export function combineColumns(columns: readonly IndexColumn[], rows: number): Combined {
  let combined: Combined = { numbers: new Uint32Array(rows), size: 1, indexesOf: () => [] };
  for (const column of columns) combined = addColumn(combined, column);
  return combined;
}

/** Changes the numbers that `before` has: it is not to be used any more. */
function addColumn(before: Combined, column: IndexColumn): Combined {
  const { numbers, size, indexesOf } = before;
  const { indexes } = column;
  if (indexes === undefined) return { numbers, size, indexesOf: (number) => [...indexesOf(number), 0] };
  const possible = size * column.size;
  if (possible > 4 * numbers.length + 1024) return numberPairs(before, indexes, column.size);
  if (size === 1) numbers.set(indexes);
  else for (let row = 0; row < numbers.length; row += 1) numbers[row] = multiplyAdd(numbers, indexes, row, column.size);
  return {
    numbers,
    size: possible,
    indexesOf: (number) => [...indexesOf(Math.floor(number / column.size)), number % column.size],
  };
}

function multiplyAdd(numbers: Uint32Array, indexes: Uint32Array, row: number, factor: number): number {
  return (numbers[row] as number) * factor + (indexes[row] as number);
}

function numberPairs({ numbers, indexesOf }: Combined, indexes: Uint32Array, factor: number): Combined {
  const known = new Map<number, number>();
  const pairs: number[] = [];
  for (let row = 0; row < numbers.length; row += 1) {
    const pair = multiplyAdd(numbers, indexes, row, factor);
    let number = known.get(pair);
    if (number === undefined) {
      number = pairs.push(pair) - 1;
      known.set(pair, number);
    }
    numbers[row] = number;
  }
  const pairOf = (number: number) => pairs[number] as number;
  return {
    numbers,
    size: pairs.length,
    indexesOf: (number) => [...indexesOf(Math.floor(pairOf(number) / factor)), pairOf(number) % factor],
  };
}

/** How many of the rows that are `alive`, or of all, have each number. */
export function countNumbers({ numbers, size }: Combined, alive: Uint8Array | undefined): Uint32Array {
  const counts = new Uint32Array(size);
  if (alive === undefined) {
    if (size === 1) counts[0] = numbers.length;
    else for (let row = 0; row < numbers.length; row += 1) addAt(counts, numbers[row] as number, 1);
  } else {
    for (let row = 0; row < numbers.length; row += 1) addAt(counts, numbers[row] as number, alive[row] as number);
  }
  return counts;
}

function addAt(counts: Uint32Array, at: number, amount: number): void {
  counts[at] = (counts[at] as number) + amount;
}
