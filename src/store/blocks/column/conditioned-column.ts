import { createScratch } from "../../../memory/scratch.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { openNumbers, readNumbers } from "./read-numbers.ts";
import { writeNumbers } from "./write-numbers.ts";

const ownScratch = createScratch((length) => new Float64Array(length));

/**
 * Small numbers that mostly follow from the row's template: for each template the one that all its rows have, or, where
 * they differ, the rows' own.
 */
export function writeConditioned(
  values: ArrayLike<number>,
  templateOfRow: ArrayLike<number>,
  templates: number,
  out: ByteWriter,
): void {
  // One more than the value; 0 where rows differ.
  const common = new Float64Array(templates + 1).fill(-1);
  for (let row = 0; row < values.length; row += 1) {
    const template = templateOfRow[row] as number;
    const value = (values[row] as number) + 1;
    if (common[template] === -1) common[template] = value;
    else if (common[template] !== value) common[template] = 0;
  }
  for (let template = 0; template <= templates; template += 1) if (common[template] === -1) common[template] = 0;
  writeNumbers(common, templates + 1, out);
  const own = ownScratch(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row += 1) {
    if (common[templateOfRow[row] as number] !== 0) continue;
    own[count] = values[row] as number;
    count += 1;
  }
  out.varint(count);
  writeNumbers(own, count, out);
}

/** Such numbers, which can be had once it is known which templates their rows have. */
export type Conditioned = {
  /** Those of some rows one after another, whose templates are given, as is how many rows of each template come before them. */
  valuesOf(templateOfRow: Uint32Array, rowsBefore: Uint32Array): Float64Array;
  /** That of the row which is the `place`-th of them. */
  valueAt(place: number, templateOfRow: Uint32Array, rowsBefore: Uint32Array): number;
};

export function openConditioned(reader: ByteReader, templates: number): Conditioned {
  const common = readNumbers(reader, templates + 1);
  const own = openNumbers(reader, reader.varint());

  /** How many of the rows' own come before. */
  function countOwn(rowsBefore: Uint32Array): number {
    let count = 0;
    for (let template = 0; template <= templates; template += 1) {
      if (common[template] === 0) count += rowsBefore[template] as number;
    }
    return count;
  }

  return {
    valueAt(place, templateOfRow, rowsBefore) {
      const value = common[templateOfRow[place] as number] as number;
      if (value !== 0) return value - 1;
      let at = countOwn(rowsBefore);
      for (let row = 0; row < place; row += 1) if (common[templateOfRow[row] as number] === 0) at += 1;
      return own.at(at);
    },
    valuesOf(templateOfRow, rowsBefore) {
      let next = countOwn(rowsBefore);
      const values = new Float64Array(templateOfRow.length);
      for (let row = 0; row < values.length; row += 1) {
        const value = common[templateOfRow[row] as number] as number;
        if (value !== 0) values[row] = value - 1;
        else {
          values[row] = own.at(next);
          next += 1;
        }
      }
      return values;
    },
  };
}
