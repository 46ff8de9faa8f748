import { lazy } from "../../../memory/lazy.ts";
import { type Keep, withBytes } from "../../../memory/read-cache.ts";
import { indexHex } from "../column/hex-column.ts";
import { placesFrom } from "../column/places.ts";
import type { ColumnKind, ColumnValues, ValueReader } from "../column/value-columns.ts";
import { SLOT } from "../column/value-kind.ts";
import { rowsWithColumn, type TemplatedRows } from "./templated-rows.ts";

/**
 * Columns whose values follow from another's: all records of one request have its user. Of such a column one value is kept
 * for each distinct value of the other, in the order in which these first occur beside it.
 */
export type Derivation = {
  /** The column that it follows from. */
  source: number;
  values: ColumnValues;
};

/** Fewer values are not worth the search. */
const MIN_VALUES = 256;
/** Nor is it where this share of the values must be kept. */
const MAX_KEPT_SHARE = 0.7;

/** For each column that follows from one of identifiers how. */
export function findDerivations(templated: TemplatedRows): (Derivation | undefined)[] {
  const { columns, values, utf8 } = templated;
  const derivations: (Derivation | undefined)[] = [];
  const rowsOf = columns.map((_, column) => lazy(() => rowsWithColumn(templated, column)));
  for (const [source, { kind, digits }] of columns.entries()) {
    const { values: starts, count } = values[source] as ColumnValues;
    if ((kind !== SLOT.hex && kind !== SLOT.uuid) || count < MIN_VALUES) continue;
    // What follows from another column is no source: reading would go round in circles.
    if (derivations[source] !== undefined) continue;
    const { distinct, indexes } = indexHex(utf8, starts, count, digits);
    if (distinct > count * MAX_KEPT_SHARE) continue;
    const sourceRows = (rowsOf[source] as () => Uint32Array)();
    for (const [column, own] of values.entries()) {
      if (column === source || derivations[column] !== undefined || isSource(column)) continue;
      if (own.count < MIN_VALUES) continue;
      const rows = (rowsOf[column] as () => Uint32Array)();
      const kept = derive(columns[column] as ColumnKind, own, rows, sourceRows, indexes, distinct, utf8);
      if (kept !== undefined) derivations[column] = { source, values: kept };
    }
  }
  return derivations;

  function isSource(index: number): boolean {
    return derivations.some((derivation) => derivation?.source === index);
  }
}

/** The values to keep, or undefined where they do not follow from `indexes` of the source. */
function derive(
  kind: ColumnKind,
  values: ColumnValues,
  rows: Uint32Array,
  sourceRows: Uint32Array,
  indexes: Uint32Array,
  distinct: number,
  utf8: Uint8Array,
): ColumnValues | undefined {
  const firstOf = new Int32Array(distinct).fill(-1);
  const firsts: number[] = [];
  let at = 0;
  for (let i = 0; i < values.count; i += 1) {
    const row = rows[i] as number;
    while (at < sourceRows.length && (sourceRows[at] as number) < row) at += 1;
    if (sourceRows[at] !== row) return undefined;
    const index = indexes[at] as number;
    const first = firstOf[index] as number;
    if (first === -1) {
      firstOf[index] = i;
      firsts.push(i);
    } else if (!same(kind, values, first, i, utf8)) return undefined;
  }
  if (firsts.length > values.count * MAX_KEPT_SHARE) return undefined;
  return {
    values: Float64Array.from(firsts, (i) => values.values[i] as number),
    lengths: Uint32Array.from(firsts, (i) => values.lengths[i] as number),
    count: firsts.length,
  };
}

function same({ kind }: ColumnKind, { values, lengths }: ColumnValues, a: number, b: number, utf8: Uint8Array): boolean {
  if (lengths[a] !== lengths[b]) return false;
  if (kind !== SLOT.hex && kind !== SLOT.uuid && kind !== SLOT.text) return values[a] === values[b];
  const [startA, startB] = [values[a] as number, values[b] as number];
  for (let i = 0; i < (lengths[a] as number); i += 1) if (utf8[startA + i] !== utf8[startB + i]) return false;
  return true;
}

/**
 * The whole column, of the values that were kept: which one each is follows from the places of the source's values. The
 * source is not read before it is needed. `selectBeside` gives of the places those beside which the column has a value. `keep`
 * is asked for what makes one value quick to find.
 */
export function openDerived(
  kept: ValueReader,
  source: () => ValueReader,
  selectBeside: (indexes: ArrayLike<number>) => ArrayLike<number>,
  keep: Keep,
): ValueReader {
  const beside = lazy(() => {
    const indexes = source().places.all();
    if (indexes === undefined) throw new Error("a column follows from one that tells no values apart");
    return selectBeside(indexes);
  });
  const through = lazy(() => {
    const indexes = beside();
    const numbers = numberByFirst(indexes, source().distinct);
    const own = kept.places.all();
    const places = new Uint32Array(indexes.length);
    for (let i = 0; i < places.length; i += 1) places[i] = numbers[indexes[i] as number] as number;
    if (own !== undefined) for (let i = 0; i < places.length; i += 1) places[i] = own[places[i] as number] as number;
    return places;
  });
  const numbers = lazy(() => keep("numbers", () => withBytes(numberByFirst(beside(), source().distinct))));
  return {
    ...kept,
    places: placesFrom(through),
    ofRow: (index) => kept.places.at(numbers()[source().places.at(index)] as number),
  };
}

/** Numbers those of the indexes below `distinct` that occur, in the order of their first occurrence. */
function numberByFirst(indexes: ArrayLike<number>, distinct: number): Uint32Array {
  const numbers = new Uint32Array(distinct).fill(NONE);
  let next = 0;
  for (let i = 0; i < indexes.length; i += 1) {
    const index = indexes[i] as number;
    if (numbers[index] === NONE) {
      numbers[index] = next;
      next += 1;
    }
  }
  return numbers;
}

const NONE = 0xffffffff;
