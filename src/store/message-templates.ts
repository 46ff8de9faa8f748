import { gatherColumns } from "./gather-columns.ts";
import { mergeSkeletons } from "./merge-skeletons.ts";
import { tokenizeMessages } from "./message-tokens.ts";
import { createScratch } from "./scratch.ts";
import { type SkeletonTable, slotsOf } from "./skeleton.ts";
import type { TemplatedRows } from "./templated-text.ts";

const templateScratch = createScratch((length) => new Uint32Array(length));

/** Takes a block's messages apart, good until another's are. `offsets` say where in `utf8` each one starts, with one more entry for the end. */
export function templateMessages(utf8: Uint8Array, offsets: Uint32Array): TemplatedRows {
  const rows = offsets.length - 1;
  const tokens = tokenizeMessages(utf8, offsets);
  const rowsOf = new Uint32Array(tokens.skeletons.count());
  for (let row = 0; row < rows; row += 1) {
    const skeleton = tokens.skeletonOfRow[row] as number;
    rowsOf[skeleton] = (rowsOf[skeleton] as number) + 1;
  }
  const merged = mergeSkeletons(tokens.skeletons, rowsOf);
  const templateOfRow = templateScratch(rows);
  for (let row = 0; row < rows; row += 1) {
    templateOfRow[row] = merged.templateOf[tokens.skeletonOfRow[row] as number] as number;
  }
  const slots = merged.skeletons.map(slotsOf);
  let columnCount = 0;
  const columnsOf = slots.map((own) => Uint32Array.from(own, () => columnCount++));
  const columns = slots.flat().map(({ kind, digits }) => ({ kind, digits }));
  const used = createUsedWords(merged.words);
  const values = gatherColumns(tokens, { templateOfRow, columnsOf, columns }, (row, n) =>
    used.numberOf(merged.wordOf(tokens.skeletonOfRow[row] as number, n)),
  );
  return { templates: merged.skeletons, templateOfRow, columnsOf, columns, values, words: used.words, utf8 };
}

/** Numbers the words that slots hold in the order of their first use. */
function createUsedWords(all: SkeletonTable) {
  const numbers = new Int32Array(all.count()).fill(-1);
  const words: Uint8Array[] = [];
  return {
    words,
    numberOf(id: number): number {
      if (numbers[id] === -1) numbers[id] = words.push(all.get(id)) - 1;
      return numbers[id] as number;
    },
  };
}
