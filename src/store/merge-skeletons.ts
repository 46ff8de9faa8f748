import { createSkeletonTable, FIRST_SLOT, type SkeletonTable, SLOT } from "./skeleton.ts";

/** The skeletons that are worth columns of their own: the templates of a block. */
export type Templates = {
  skeletons: Uint8Array[];
  /** For each skeleton of the table 0 where it has no template, else one more than its template's place. */
  templateOf: Uint32Array;
  /** For each skeleton of the table the words (by number) in the word slots of its template. */
  wordsOf: (Uint32Array | undefined)[];
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

type Cluster = { shape: number; words: Uint32Array; rows: number; members: number[] };

/**
 * Finds the templates: skeletons with many rows, and of the others those that differ in a few words only, which become
 * slots. `rowsOf` says how many rows each skeleton has.
 */
export function mergeSkeletons(table: SkeletonTable, rowsOf: Uint32Array): Templates {
  const words = createWords();
  const wordsOfMember: (Uint32Array | undefined)[] = [];
  const clustersOfShape: Cluster[][] = [];
  const found: { skeleton: Uint8Array; rows: number; members: number[] }[] = [];
  for (let index = 0; index < table.count(); index += 1) {
    const rows = rowsOf[index] as number;
    if (rows >= FREQUENT_ROWS) {
      found.push({ skeleton: table.get(index), rows, members: [index] });
      continue;
    }
    const { shape, ids } = words.takeApart(table.get(index));
    if (ids.length === 0 || ids.length > MAX_WORDS) {
      if (rows >= MIN_ROWS) found.push({ skeleton: table.get(index), rows, members: [index] });
      continue;
    }
    wordsOfMember[index] = ids;
    clustersOfShape[shape] ??= [];
    join(clustersOfShape[shape], { shape, words: ids, rows, members: [index] });
  }
  const wordsOf: (Uint32Array | undefined)[] = [];
  for (const cluster of clustersOfShape.flat()) {
    if (cluster.rows < MIN_ROWS) continue;
    found.push({ skeleton: words.fill(cluster.shape, cluster.words), rows: cluster.rows, members: cluster.members });
    const wild = [...cluster.words.keys()].filter((i) => cluster.words[i] === WILD);
    if (wild.length === 0) continue;
    for (const member of cluster.members) {
      const ids = wordsOfMember[member] as Uint32Array;
      wordsOf[member] = Uint32Array.from(wild, (i) => ids[i] as number);
    }
  }
  // The more rows, the smaller the number.
  found.sort((a, b) => b.rows - a.rows);
  const templateOf = new Uint32Array(table.count());
  for (const [place, { members }] of found.entries()) for (const member of members) templateOf[member] = place + 1;
  return { skeletons: found.map(({ skeleton }) => skeleton), templateOf, wordsOf, words: words.all };
}

/** Puts a skeleton into the cluster with which it has most words in common, or begins one. */
function join(clusters: Cluster[], single: Cluster): void {
  let best: Cluster | undefined;
  let bestCommon = 0;
  for (const cluster of clusters) {
    let common = 0;
    for (let i = 0; i < single.words.length; i += 1) if (cluster.words[i] === single.words[i]) common += 1;
    if (common <= bestCommon) continue;
    best = cluster;
    bestCommon = common;
  }
  if (best === undefined || bestCommon < single.words.length * MIN_COMMON_SHARE) {
    if (clusters.length < MAX_CLUSTERS_A_SHAPE) clusters.push({ ...single, words: single.words.slice() });
    return;
  }
  for (let i = 0; i < single.words.length; i += 1) if (best.words[i] !== single.words[i]) best.words[i] = WILD;
  best.rows += single.rows;
  best.members.push(...single.members);
}

const isLetter = new Uint8Array(256);
for (let byte = 0; byte < FIRST_SLOT; byte += 1) {
  if (byte >= 0x80 || /[A-Za-z_]/.test(String.fromCharCode(byte))) isLetter[byte] = 1;
}

function createWords() {
  const all = createSkeletonTable();
  const shapes = createSkeletonTable();
  let ids = new Uint32Array(1 << 8);
  return {
    all,
    /** A skeleton's words, and the number of what is left of it with a slot in the place of each. */
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
      return { shape: shapes.intern(length), ids: ids.slice(0, count) };
    },
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
