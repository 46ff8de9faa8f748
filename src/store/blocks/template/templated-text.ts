import { createByteWriter } from "../bytes/byte-writer.ts";
import { writeSmallest } from "../bytes/pack-bytes.ts";
import { type WrittenColumns, writeColumns } from "../column/packed-columns.ts";
import { type ColumnKind, type ColumnValues, writeValues } from "../column/value-columns.ts";
import { writeNumbers } from "../column/write-numbers.ts";
import type { Derivation } from "./derived-columns.ts";
import type { TemplatedRows } from "./templated-rows.ts";

/** Templates, the rows' templates, and the columns, as bytes of a block's parts. */
export type TemplatedParts = { dictionary: Uint8Array; rows: Uint8Array } & WrittenColumns;

/** `derivations` say which columns follow from another, and how. */
export function writeTemplated(
  { templates, templateOfRow, columnsOf, columns, values, words, utf8 }: TemplatedRows,
  derivations: (Derivation | undefined)[],
  maxLarge: number,
): TemplatedParts {
  const dictionary = createByteWriter();
  dictionary.varint(templates.length);
  for (const [index, skeleton] of templates.entries()) {
    dictionary.varint(skeleton.length);
    dictionary.append(skeleton);
    const own = columnsOf[index] as Uint32Array;
    for (const column of own) dictionary.varint(column);
  }
  dictionary.varint(columns.length);
  for (const [index, { kind, digits }] of columns.entries()) {
    dictionary.byte(kind);
    dictionary.byte(digits);
    // 0 where a column follows from no other.
    dictionary.varint((derivations[index]?.source ?? -1) + 1);
  }
  dictionary.varint(words.length);
  for (const word of words) {
    dictionary.varint(word.length);
    dictionary.append(word);
  }
  const packed = createByteWriter();
  writeSmallest(dictionary.copyFrom(0), packed);
  const rows = createByteWriter();
  writeNumbers(templateOfRow, templateOfRow.length, rows);
  const written = writeColumns(columns.length, maxLarge, (column, out) => {
    const own = derivations[column]?.values ?? (values[column] as ColumnValues);
    out.varint(own.count);
    writeValues(columns[column] as ColumnKind, own, utf8, out);
  });
  return { dictionary: packed.copyFrom(0), rows: rows.copyFrom(0), ...written };
}
