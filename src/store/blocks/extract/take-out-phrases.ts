import { SLOT } from "../column/value-kind.ts";
import { slotsOf } from "../template/skeleton.ts";
import { selectRows } from "../template/templated-rows.ts";
import { mayHavePhrases, type Tokens, tokenizePhrases } from "./message-tokens.ts";

/** Rows with a template have their phrases taken out all the same where so many of their kind have none ... */
const MIN_UNLIKE_OF_KIND = 1 / 32;
/** ... and where of the phrases of so many of its rows no more are distinct. Words that are put together anew each time are better off in columns of their own. */
const SAMPLED_ROWS = 256;
const MAX_DISTINCT_SHARE = 0.6;

/** Takes the phrases out of rows without a template (0), and out of those that are like these but for their phrases. */
export function takeOutPhrases(utf8: Uint8Array, offsets: Uint32Array, tokens: Tokens, templateOfRow: Uint32Array): Tokens {
  const { skeletons, skeletonOfRow, firstValue } = tokens;
  const has = Uint8Array.from({ length: skeletons.count() }, (_, index) => (mayHavePhrases(skeletons.get(index)) ? 1 : 0));
  const rows = selectRows(has, skeletonOfRow, skeletonOfRow.length);
  const before = { skeletonOfRow: skeletonOfRow.slice(), firstValue: firstValue.slice() };
  const taken = tokenizePhrases(utf8, offsets, tokens, rows);
  const repeats = findRepeating(utf8, taken, rows, templateOfRow);
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as number;
    if (templateOfRow[row] === 0 || repeats[skeletonOfRow[row] as number] === 1) continue;
    skeletonOfRow[row] = before.skeletonOfRow[row] as number;
    firstValue[row] = before.firstValue[row] as number;
  }
  return taken;
}

/** For each skeleton with phrases a 1 where many of its rows have no template, and its phrases come again and again. */
function findRepeating(utf8: Uint8Array, tokens: Tokens, rows: Uint32Array, templateOfRow: Uint32Array): Uint8Array {
  const { skeletons, skeletonOfRow } = tokens;
  const buffer = Buffer.from(utf8.buffer, utf8.byteOffset, utf8.length);
  const rowsOf = new Uint32Array(skeletons.count());
  const unlikeOf = new Uint32Array(skeletons.count());
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as number;
    const kind = skeletonOfRow[row] as number;
    rowsOf[kind] = (rowsOf[kind] as number) + 1;
    if (templateOfRow[row] === 0) unlikeOf[kind] = (unlikeOf[kind] as number) + 1;
  }
  const samples = new Map<number, Sample>();
  const passed = new Uint32Array(skeletons.count());
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i] as number;
    const kind = skeletonOfRow[row] as number;
    const [all, unlike] = [rowsOf[kind] as number, unlikeOf[kind] as number];
    if (unlike === all || unlike < all * MIN_UNLIKE_OF_KIND) continue;
    const turn = passed[kind] as number;
    passed[kind] = turn + 1;
    if (turn % Math.ceil(all / SAMPLED_ROWS) > 0) continue;
    let sample = samples.get(kind);
    if (sample === undefined) {
      sample = sampleOf(skeletons.get(kind));
      samples.set(kind, sample);
    }
    addPhrases(sample, buffer, tokens, row);
  }
  const repeats = new Uint8Array(skeletons.count());
  for (const [kind, { count, distinct }] of samples) if (distinct.size <= count * MAX_DISTINCT_SHARE) repeats[kind] = 1;
  return repeats;
}

/** Phrases of one kind: in which of its slots they are, how many there were, and those that are distinct in their slot. */
type Sample = { slots: number[]; count: number; distinct: Set<string> };

function sampleOf(skeleton: Uint8Array): Sample {
  const slots = slotsOf(skeleton).flatMap(({ kind }, slot) => (kind === SLOT.phrase ? [slot] : []));
  return { slots, count: 0, distinct: new Set() };
}

function addPhrases(sample: Sample, utf8: Buffer, { firstValue, values, lengths }: Tokens, row: number): void {
  for (const slot of sample.slots) {
    const value = (firstValue[row] as number) + slot;
    const start = values[value] as number;
    sample.distinct.add(`${slot} ${utf8.toString("latin1", start, start + (lengths[value] as number))}`);
    sample.count += 1;
  }
}
