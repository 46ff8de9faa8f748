import { collectAfter } from "../../../memory/collect-garbage.ts";
import { createScratch } from "../../../memory/scratch.ts";
import { slotsOf } from "../template/skeleton.ts";
import type { TemplatedRows } from "../template/templated-rows.ts";
import { gatherColumns } from "./gather-columns.ts";
import { mergeSkeletons, type Templates } from "./merge-skeletons.ts";
import { type Tokens, tokenizeMessages } from "./message-tokens.ts";
import type { SkeletonTable } from "./skeleton-table.ts";
import { takeOutPhrases } from "./take-out-phrases.ts";

const templateScratch = createScratch((length) => new Uint32Array(length));

/** Where at least so many rows, and one in so many, are like no others, it is tried whether they are without their phrases. */
const MIN_UNLIKE_ROWS = 64;
const MIN_UNLIKE_SHARE = 1 / 64;

/** Takes a block's messages apart, good until another's are. `offsets` say where in `utf8` each one starts, with one more entry for the end. */
export function templateMessages(utf8: Uint8Array, offsets: Uint32Array): TemplatedRows {
  const rows = offsets.length - 1;
  const templateOfRow = templateScratch(rows);
  let tokens = tokenizeMessages(utf8, offsets);
  let merged = findTemplates(tokens, templateOfRow);
  if (countUnlike(templateOfRow) >= Math.max(MIN_UNLIKE_ROWS, rows * MIN_UNLIKE_SHARE)) {
    // Tables that grew have left their smaller selves behind.
    collectAfter(utf8.length);
    tokens = takeOutPhrases(utf8, offsets, tokens, templateOfRow);
    merged = findTemplates(tokens, templateOfRow);
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

/** Finds the templates of what was taken apart, and says in `templateOfRow` which one each row has. */
function findTemplates({ skeletons, skeletonOfRow }: Tokens, templateOfRow: Uint32Array): Templates {
  const rowsOf = new Uint32Array(skeletons.count());
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const skeleton = skeletonOfRow[row] as number;
    rowsOf[skeleton] = (rowsOf[skeleton] as number) + 1;
  }
  const merged = mergeSkeletons(skeletons, rowsOf);
  for (let row = 0; row < templateOfRow.length; row += 1) {
    templateOfRow[row] = merged.templateOf[skeletonOfRow[row] as number] as number;
  }
  return merged;
}

function countUnlike(templateOfRow: Uint32Array): number {
  let count = 0;
  for (let row = 0; row < templateOfRow.length; row += 1) if (templateOfRow[row] === 0) count += 1;
  return count;
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
