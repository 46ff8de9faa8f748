import { mergeSkeletons } from "./merge-skeletons.ts";
import { tokenizeMessages } from "./message-tokens.ts";
import { type SkeletonTable, SLOT, slotsOf } from "./skeleton.ts";
import type { TemplatedRows } from "./templated-text.ts";

/** Takes a block's messages apart. `offsets` say where in `utf8` each one starts, with one more entry for the end. */
export function templateMessages(utf8: Uint8Array, offsets: Uint32Array): TemplatedRows {
  const rows = offsets.length - 1;
  const tokens = tokenizeMessages(utf8, offsets);
  const rowsOf = new Uint32Array(tokens.skeletons.count());
  for (let row = 0; row < rows; row += 1) {
    const skeleton = tokens.skeletonOfRow[row] as number;
    rowsOf[skeleton] = (rowsOf[skeleton] as number) + 1;
  }
  const merged = mergeSkeletons(tokens.skeletons, rowsOf);
  const slots = merged.skeletons.map(slotsOf);
  const slotCounts = Uint32Array.from([0, ...slots.map(({ length }) => length)]);
  const templateOfRow = new Uint32Array(rows);
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    const template = merged.templateOf[tokens.skeletonOfRow[row] as number] as number;
    templateOfRow[row] = template;
    total += slotCounts[template] as number;
  }
  let columnCount = 0;
  const columnsOf = slots.map((own) => Uint32Array.from(own, () => columnCount++));
  const used = createUsedWords(merged.words);
  // The words' numbers go in between the values of the text.
  const values = new Float64Array(total);
  const lengths = new Uint32Array(total);
  const firstValue = new Uint32Array(rows + 1);
  const isWord = slots.map((own) => Uint8Array.from(own, ({ kind }) => (kind === SLOT.word ? 1 : 0)));
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    firstValue[row] = at;
    const template = templateOfRow[row] as number;
    if (template === 0) continue;
    const words = merged.wordsOf[tokens.skeletonOfRow[row] as number];
    const own = isWord[template - 1] as Uint8Array;
    let from = tokens.firstValue[row] as number;
    let word = 0;
    for (let i = 0; i < own.length; i += 1, at += 1) {
      if (own[i] === 1) {
        values[at] = used.numberOf((words as Uint32Array)[word] as number);
        word += 1;
        continue;
      }
      values[at] = tokens.values[from] as number;
      lengths[at] = tokens.lengths[from] as number;
      from += 1;
    }
  }
  firstValue[rows] = at;
  return {
    templates: merged.skeletons,
    templateOfRow,
    columnsOf,
    columns: slots.flat().map(({ kind, digits }) => ({ kind, digits })),
    values,
    lengths,
    firstValue,
    words: used.words,
    utf8,
    derives: false,
  };
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
