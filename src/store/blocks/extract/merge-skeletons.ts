import { createScratch } from "../../../memory/scratch.ts";
import { FIRST_SLOT, SLOT } from "../column/value-kind.ts";
import { createSkeletonTable, type SkeletonTable } from "./skeleton-table.ts";

/** The skeletons that are worth columns of their own: the templates of a block. */
export type Templates = {
  skeletons: Uint8Array[];
  /** For each skeleton of the table 0 where it has no template, else one more than its template's place. */
  templateOf: Uint32Array;
  /** The number of the word that a skeleton of the table has in the n-th word slot of its template. */
  wordOf(skeleton: number, n: number): number;
  /** The words by number. */
  words: SkeletonTable;
};

/** A skeleton with so many rows is a template as it is. */
const FREQUENT_ROWS = 24;
/** What fewer rows have in common is not worth columns. */
const MIN_ROWS = 8;
/** Texts have one template in common where at least this share of their words is the same. */
const MIN_COMMON_SHARE = 0.4;
const MAX_CLUSTERS_A_SHAPE = 16;
/** Beyond so many words texts are prose, or something stranger. */
const MAX_WORDS = 256;
const WILD = 0xffffffff;

/** Skeletons of one shape: the words that they have in common, WILD where they differ, and their rows and numbers. */
type Cluster = { shape: number; words: Uint32Array; rows: number; members: number[] };

/**
 * Finds the templates: skeletons with many rows, and of the others those that differ in a few words only, which become
 * slots. `rowsOf` says how many rows each skeleton has.
 */
export function mergeSkeletons(table: SkeletonTable, rowsOf: Uint32Array): Templates {
  words.clear();
  /** Where the words of each skeleton that is in a cluster start among all such words. */
  const firstWord = new Uint32Array(table.count());
  const clustersOfShape: Cluster[][] = [];
  const found: { skeleton: Uint8Array; rows: number; members: number[]; wild: number[] }[] = [];
  for (let index = 0; index < table.count(); index += 1) {
    const rows = rowsOf[index] as number;
    if (rows >= FREQUENT_ROWS) {
      found.push({ skeleton: table.get(index), rows, members: [index], wild: [] });
      continue;
    }
    const { shape, ids } = words.takeApart(table.get(index));
    if (ids.length === 0 || ids.length > MAX_WORDS) {
      if (rows >= MIN_ROWS) found.push({ skeleton: table.get(index), rows, members: [index], wild: [] });
      continue;
    }
    firstWord[index] = words.keep(ids);
    clustersOfShape[shape] ??= [];
    const cluster = findCluster(clustersOfShape[shape], shape, ids);
    if (cluster === undefined) continue;
    for (let i = 0; i < ids.length; i += 1) if (cluster.words[i] !== ids[i]) cluster.words[i] = WILD;
    cluster.rows += rows;
    cluster.members.push(index);
  }
  for (const { shape, words: own, rows, members } of clustersOfShape.flat()) {
    if (rows < MIN_ROWS) continue;
    const wild = [...own.keys()].filter((i) => own[i] === WILD);
    found.push({ skeleton: words.fill(shape, own), rows, members, wild });
  }
  // The more rows, the smaller the number.
  found.sort((a, b) => b.rows - a.rows);
  const templateOf = new Uint32Array(table.count());
  for (const [place, { members }] of found.entries()) for (const member of members) templateOf[member] = place + 1;
  const wildOf = found.map(({ wild }) => wild);
  return {
    skeletons: found.map(({ skeleton }) => skeleton),
    templateOf,
    wordOf(skeleton, n) {
      const wild = wildOf[(templateOf[skeleton] as number) - 1] as number[];
      return words.kept((firstWord[skeleton] as number) + (wild[n] as number));
    },
    words: words.all,
  };
}

/** The cluster with which the words have most in common, or a new one; undefined where there are too many. */
function findCluster(clusters: Cluster[], shape: number, words: Uint32Array): Cluster | undefined {
  let best: Cluster | undefined;
  let bestCommon = 0;
  for (const cluster of clusters) {
    let common = 0;
    for (let i = 0; i < words.length; i += 1) if (cluster.words[i] === words[i]) common += 1;
    if (common <= bestCommon) continue;
    best = cluster;
    bestCommon = common;
  }
  if (best !== undefined && bestCommon >= words.length * MIN_COMMON_SHARE) return best;
  if (clusters.length === MAX_CLUSTERS_A_SHAPE) return undefined;
  const added = { shape, words: words.slice(), rows: 0, members: [] };
  clusters.push(added);
  return added;
}

const isLetter = new Uint8Array(256);
for (let byte = 0; byte < FIRST_SLOT; byte += 1) {
  if (byte >= 0x80 || /[A-Za-z_]/.test(String.fromCharCode(byte))) isLetter[byte] = 1;
}

const words = createWords();

function createWords() {
  const all = createSkeletonTable();
  const shapes = createSkeletonTable();
  let ids = new Uint32Array(1 << 8);
  const keptScratch = createScratch((length) => new Uint32Array(length));
  let kept = keptScratch(0);
  let keptCount = 0;
  return {
    all,
    clear(): void {
      all.clear();
      shapes.clear();
      kept = keptScratch(0);
      keptCount = 0;
    },
    /** A skeleton's words, good until the next one's, and the number of what is left of it with a slot in the place of each. */
    takeApart(skeleton: Uint8Array): { shape: number; ids: Uint32Array } {
      const shape = shapes.draft(skeleton.length);
      const word = all.draft(skeleton.length);
      if (ids.length < skeleton.length) ids = new Uint32Array(skeleton.length * 2);
      let length = 0;
      let count = 0;
      for (let at = 0; at < skeleton.length; ) {
        let byte = skeleton[at] as number;
        if (isLetter[byte] === 1) {
          let letters = 0;
          for (; at < skeleton.length && isLetter[skeleton[at] as number] === 1; at += 1) {
            word[letters] = skeleton[at] as number;
            letters += 1;
          }
          ids[count] = all.intern(letters);
          count += 1;
          byte = SLOT.word;
        } else at += 1;
        shape[length] = byte;
        length += 1;
        if (byte !== SLOT.hex) continue;
        // How many digits: no letter, whatever the number.
        const digits = skeleton[at] as number;
        shape[length] = digits;
        length += 1;
        at += 1;
      }
      return { shape: shapes.intern(length), ids: ids.subarray(0, count) };
    },
    /** Keeps words behind those kept before, and says where. */
    keep(wordIds: Uint32Array): number {
      const start = keptCount;
      keptCount += wordIds.length;
      if (keptCount > kept.length) kept = keptScratch(keptCount * 2);
      for (let i = 0; i < wordIds.length; i += 1) kept[start + i] = wordIds[i] as number;
      return start;
    },
    kept: (place: number) => kept[place] as number,
    /** The skeleton of a shape with words in its slots but where they are WILD. */
    fill(filledShape: number, wordIds: Uint32Array): Uint8Array {
      const bytes: number[] = [];
      const from = shapes.get(filledShape);
      let next = 0;
      for (let at = 0; at < from.length; at += 1) {
        const byte = from[at] as number;
        const id = byte === SLOT.word ? (wordIds[next] as number) : WILD;
        if (byte === SLOT.word) next += 1;
        if (id === WILD) bytes.push(byte);
        else bytes.push(...all.get(id));
        if (byte !== SLOT.hex) continue;
        at += 1;
        bytes.push(from[at] as number);
      }
      return Uint8Array.from(bytes);
    },
  };
}
