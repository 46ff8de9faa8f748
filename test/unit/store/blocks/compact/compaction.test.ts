import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { type BlockMeta, DENSE_VERSION } from "../../../../../src/store/blocks/block/block.ts";
import { deleteBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { FULL_CHARACTERS, FULL_ROWS } from "../../../../../src/store/blocks/block/block-size.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { compactOnce, planCompaction } from "../../../../../src/store/blocks/compact/compaction.ts";
import { openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { createAppender } from "../../../../../src/store/blocks/write/append.ts";
import type { DamagedBlock } from "../../../../../src/store/damage.ts";
import { noDamage } from "../../../../support/no-damage.ts";
import { batchOf, numbered, type Row, row, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

/** A block as planning sees it, with how often its records were rewritten at most. */
type Block = BlockMeta & { rewritten: number };

function blockOf(firstId: number, rows: number, characters: number, rewritten = 0): Block {
  return {
    ...{
      id: firstId,
      version: rows < 16_384 ? 1 : DENSE_VERSION,
      firstId,
      lastId: firstId + rows - 1,
      rows,
      characters,
      rewritten,
    },
    ...{ timestampMin: 0, timestampMax: 0, receivedMin: 0, receivedMax: 0, severityMask: 1, services: ["web"], bytes: 1 },
  };
}

function rowsIn(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { rows }) => sum + rows, 0);
}

/** Does what the plan says, once; false where there is nothing to do. */
function compact(blocks: Block[], thorough = false): boolean {
  const plan = planCompaction(blocks, { thorough }) as Block[];
  const [first] = plan;
  if (first === undefined) return false;
  const start = blocks.indexOf(first);
  expect(plan.length).toBeGreaterThan(1);
  // Neighbours, in their order, each of them once.
  expect(blocks.slice(start, start + plan.length).every((block, i) => block === plan[i])).toBe(true);
  const sum = (pick: (block: Block) => number) => plan.reduce((total, block) => total + pick(block), 0);
  const rewritten = 1 + Math.max(...plan.map((block) => block.rewritten));
  blocks.splice(
    start,
    plan.length,
    blockOf(
      first.firstId,
      sum(({ rows }) => rows),
      sum(({ characters }) => characters),
      rewritten,
    ),
  );
  return true;
}

/** Commits batches of the sizes given, with compaction to a standstill after every few. */
function simulate(commits: number, rowsOf: (commit: number) => number, every: number, charactersARow = 200) {
  const blocks: Block[] = [];
  let nextId = 1;
  let most = 0;
  for (let commit = 1; commit <= commits; commit += 1) {
    const rows = rowsOf(commit);
    blocks.push(blockOf(nextId, rows, rows * charactersARow));
    nextId += rows;
    if (commit % every !== 0 && commit !== commits) continue;
    while (compact(blocks));
    most = Math.max(most, blocks.filter((block) => block.rows < FULL_ROWS && block.characters < FULL_CHARACTERS).length);
  }
  expect(blocks.reduce((expected, { firstId, rows }) => (firstId === expected ? expected + rows : -1), 1)).toBe(nextId);
  return { blocks, small: most, rewritten: Math.max(...blocks.map((block) => block.rewritten)) };
}

describe("planning compaction", () => {
  test("makes no block larger than a limit of size allows, and leaves those that are half as large", () => {
    let blocks = Array.from({ length: 200 }, (_, i) => ({ ...blockOf(i + 1, 1, 100), bytes: 100 }));
    for (let merges = 0; ; merges += 1) {
      expect(merges).toBeLessThan(200);
      const plan = planCompaction(blocks, { thorough: true, mostBytes: 1000 });
      if (plan.length === 0) break;
      expect(plan.length).toBeGreaterThan(1);
      const bytes = plan.reduce((sum, block) => sum + block.bytes, 0);
      expect(bytes).toBeLessThanOrEqual(1000);
      const at = blocks.findIndex(({ id }) => id === plan[0]?.id);
      const rows = plan.reduce((sum, block) => sum + block.rows, 0);
      const merged = { ...blockOf(plan[0]?.firstId as number, rows, 100), bytes };
      blocks = blocks.toSpliced(at, plan.length, merged);
    }
    expect(blocks.length).toBeLessThan(40);
  });

  test("has nothing to do where there is nothing, one block, or a few", () => {
    expect(planCompaction([])).toEqual([]);
    expect(planCompaction([blockOf(1, 1, 100)])).toEqual([]);
    expect(planCompaction(Array.from({ length: 20 }, (_, i) => blockOf(i + 1, 1, 100)))).toEqual([]);
    expect(planCompaction(Array.from({ length: 32 }, (_, i) => blockOf(i + 1, 1, 100)))).toHaveLength(32);
  });

  test("leaves full blocks alone, and never joins across them", () => {
    const full = Array.from({ length: 100 }, (_, i) => blockOf(1 + i * FULL_ROWS, FULL_ROWS, 1000));
    expect(planCompaction(full)).toEqual([]);
    const large = Array.from({ length: 100 }, (_, i) => blockOf(i + 1, 1, FULL_CHARACTERS));
    expect(planCompaction(large)).toEqual([]);
    const small = (from: number, count: number) => Array.from({ length: count }, (_, i) => blockOf(from + i, 1, 10));
    expect(planCompaction([blockOf(1, 1, 10), blockOf(2, FULL_ROWS, 10), ...small(FULL_ROWS + 2, 20)])).toEqual([]);
  });

  test("rewrites what a very large request has filled, once", () => {
    const written = { ...blockOf(11, FULL_ROWS, 1000), version: 1 };
    const between = Array.from({ length: 10 }, (_, i) => blockOf(i + 1, 1, 10));
    expect(planCompaction([...between, written])).toEqual(between);
    const merged = blockOf(1, 10, 100);
    expect(planCompaction([merged, written, blockOf(FULL_ROWS + 11, 1, 10)])).toEqual([written]);
    expect(planCompaction([merged, { ...written, version: DENSE_VERSION }])).toEqual([]);
    expect(planCompaction([{ ...blockOf(1, 100, FULL_CHARACTERS), version: 1 }])).toEqual([]);
  });

  test("merges the few that lie between full blocks, where no more will come", () => {
    const between = [blockOf(1, 5, 10), blockOf(6, 1, 10), blockOf(7, 900, 10)];
    expect(planCompaction([...between, blockOf(907, FULL_ROWS, 10), blockOf(FULL_ROWS + 907, 1, 10)])).toEqual(between);
    const large = [blockOf(1, 40_000, 10), blockOf(40_001, 40_000, 10), blockOf(80_001, 1, 10)];
    expect(planCompaction([...large, blockOf(80_002, FULL_ROWS, 10)])).toEqual(large.slice(0, 2));
    const { blocks } = simulate(2000, (commit) => (commit % 20 === 0 ? FULL_ROWS : 1), 1);
    expect(blocks.length).toBeLessThanOrEqual(200);
  });

  test("makes a full block as soon as neighbours fill one, by rows or by text", () => {
    const byRows = [blockOf(1, 40_000, 10), blockOf(40_001, 20_000, 10), blockOf(60_001, 6000, 10), blockOf(66_001, 5, 10)];
    expect(planCompaction(byRows)).toEqual(byRows.slice(0, 3));
    const byText = [1, 2, 3].map((id) => blockOf(id, 1, FULL_CHARACTERS / 2));
    expect(planCompaction(byText)).toEqual(byText.slice(0, 2));
  });

  test.each([
    ["20,000 commits of one row", 20_000, () => 1, 32],
    ["20,000 commits of one row, compacted after each", 20_000, () => 1, 1],
    ["500 commits of 1000 rows", 500, () => 1000, 32],
    ["5000 commits of 1 to 3000 rows", 5000, (commit: number) => 1 + ((commit * 7919) % 3000), 16],
    ["a large batch now and then among single rows", 10_000, (commit: number) => (commit % 100 === 0 ? 10_000 : 1), 32],
    ["ever larger commits", 300, (commit: number) => commit * 10, 8],
    ["single rows between batches of 32", 20_000, (commit: number) => (commit % 32 === 0 ? 32 : 1), 1],
    ["ever smaller commits", 300, (commit: number) => 3001 - commit * 10, 8],
  ])("keeps blocks few, and rewrites a record a few times at most: %s", (_what, commits, rowsOf, every) => {
    const { blocks, small, rewritten } = simulate(commits, rowsOf, every);
    expect(small).toBeLessThan(150);
    // log32 of 65,536 is 3.2: four steps, and a last one to fill up.
    expect(rewritten).toBeLessThanOrEqual(5);
    for (const { rows } of blocks) expect(rows).toBeLessThan(2 * FULL_ROWS);
  });

  test("leaves few blocks where it is thorough, and rewrites a record a few times more", () => {
    const blocks = Array.from({ length: 15 }, (_, i) => blockOf(1 + i * 4000, 4000, 800_000));
    expect(planCompaction(blocks)).toEqual([]);
    expect(planCompaction(blocks, { thorough: true })).toEqual(blocks);
    const trickle: Block[] = [];
    let most = 0;
    let mostPlain = 0;
    for (let id = 1; id < FULL_ROWS; id += 1) {
      trickle.push(blockOf(id, 1, 200));
      while (compact(trickle, true));
      most = Math.max(most, trickle.length);
      if (id >= 16_384) mostPlain = Math.max(mostPlain, rowsIn(trickle.filter(({ version }) => version !== DENSE_VERSION)) / id);
    }
    expect(most).toBeLessThan(40);
    expect(mostPlain).toBeLessThanOrEqual(1 / 8);
    expect(Math.max(...trickle.map(({ rewritten }) => rewritten))).toBeLessThanOrEqual(20);
  });

  test("takes texts apart, where it is thorough, as soon as one record in eight is in no dense block", () => {
    const [dense, plain, denseToo] = [
      blockOf(1, 40_000, 8_000_000),
      blockOf(40_001, 7000, 1_400_000),
      blockOf(47_001, 17_000, 3_400_000),
    ];
    expect(planCompaction([dense, plain], { thorough: true })).toEqual([dense, plain]);
    expect(planCompaction([dense, plain, denseToo], { thorough: true })).toEqual([]);
    expect(planCompaction([dense, plain])).toEqual([]);
    expect(planCompaction([dense], { thorough: true })).toEqual([]);
    expect(planCompaction([{ ...dense, version: 1 }], { thorough: true })).toHaveLength(1);
    expect(planCompaction([plain], { thorough: true })).toEqual([]);
  });

  test("keeps blocks few where records are large", () => {
    const { small, blocks } = simulate(2000, () => 1, 16, 256 * 1024);
    expect(small).toBeLessThan(150);
    for (const { characters } of blocks) expect(characters).toBeLessThan(2 * FULL_CHARACTERS);
  });
});

describe("compacting once", () => {
  async function compactAll(commits: Row[][]) {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    let receivedAtMs = 1000;
    for (const rows of commits) {
      receivedAtMs += 1;
      appender.append({ batch: batchOf(rows), receipts: [], receivedAtMs });
    }
    const bundled: boolean[] = [];
    for (
      let merge = compactOnce(database, { damaged: new Set(), note: noDamage });
      merge !== undefined;
      merge = compactOnce(database, { damaged: new Set(), note: noDamage })
    ) {
      bundled.push(merge.block.parts.length === 1);
      expect(appender.replace(merge.replaced, merge.block)).toBe(true);
    }
    const metas = listBlocks(database);
    const blocks = metas.map((meta) => openBlock(database, meta));
    return {
      metas,
      bundled,
      rows: blocks.flatMap(rowsOf),
      received: blocks.flatMap((block) => [...block.column("received")]),
      blooms: blocks.map((block) => block.bloom(0) !== undefined),
    };
  }

  test("does nothing where there is nothing to do", async () => {
    const { metas, bundled } = await compactAll([numbered(3), numbered(3, 4)]);
    expect([metas.length, bundled]).toEqual([2, []]);
  });

  test("merges small blocks into one that holds the same records, each with its service and times", async () => {
    const commits = Array.from({ length: 40 }, (_, i) => [
      row({
        ms: -1 - i,
        nanos: i,
        digits: i % 10,
        severity: i % 6,
        service: `s${i % 3}`,
        message: `ünï ${i} 😀`,
        attributes: `{"i":${i}}`,
      }),
      row({ ms: 1000 * i, service: `t${i % 5}`, message: "" }),
    ]);
    const { metas, bundled, rows, received, blooms } = await compactAll(commits);
    expect(rows).toEqual(commits.flat());
    expect(received).toEqual(commits.flatMap((_, i) => [1001 + i, 1001 + i]));
    expect(bundled).toEqual([true]);
    expect(metas.map(({ firstId, lastId }) => [firstId, lastId])).toEqual([[1, 80]]);
    expect(metas[0]).toMatchObject({ timestampMin: -40, timestampMax: 39_000, receivedMin: 1001, receivedMax: 1040 });
    expect(metas[0]?.services.toSorted()).toEqual(["s0", "s1", "s2", "t0", "t1", "t2", "t3", "t4"]);
    expect(blooms).toEqual([false]);
  });

  test("keeps larger blocks in parts, with Bloom filters", async () => {
    const commits = Array.from({ length: 32 }, (_, i) => numbered(100, 1 + i * 100));
    const { bundled, rows, blooms } = await compactAll(commits);
    expect([bundled, blooms]).toEqual([[false], [true]]);
    expect(rows).toEqual(numbered(3200));
  });

  test("merges blocks of several pages", async () => {
    const heavy = (i: number) =>
      row({ ms: i, message: `${i} ${"x".repeat(150_000)}`, attributes: i % 3 === 0 ? "" : `{"i":${i}}` });
    const commits = Array.from({ length: 33 }, (_, i) => [0, 1, 2, 3].map((n) => heavy(i * 4 + n)));
    const { metas, rows } = await compactAll(commits);
    expect(metas.length).toBeLessThan(33);
    const expected = commits.flat();
    expect(rows.length).toBe(expected.length);
    expect(
      rows.every(({ ms, message, attributes }, i) => {
        const one = expected[i];
        return ms === one?.ms && message === one.message && attributes === one.attributes;
      }),
    ).toBe(true);
  });

  /** Commits of two records each; `harm` is done to them before they are merged until there is nothing to merge. */
  async function compactHarmed(commits: number, harm: (database: Database) => void) {
    await using folder = await makeTemporaryFolder();
    using database = openForWriting(folder.file("logs.db"));
    const appender = createAppender(database);
    for (let i = 0; i < commits; i += 1)
      appender.append({ batch: batchOf(numbered(2, 1 + 2 * i)), receipts: [], receivedAtMs: 1000 });
    harm(database);
    const noted: DamagedBlock[] = [];
    const options = { damaged: new Set<number>(), note: (block: DamagedBlock) => noted.push(block) };
    let merges = 0;
    for (let merge = compactOnce(database, options); merge !== undefined; merge = compactOnce(database, options)) {
      expect(appender.replace(merge.replaced, merge.block)).toBe(true);
      merges += 1;
    }
    const metas = listBlocks(database);
    const whole = metas.filter(({ id }) => !options.damaged.has(id) && id !== 41);
    const messages = whole.flatMap((meta) =>
      rowsOf(openBlock(database, meta)).map(({ message }, i) => `${meta.firstId + i} ${message}`),
    );
    return { noted, merges, messages, ranges: metas.map(({ firstId, lastId }) => [firstId, lastId]) };
  }

  const numberedFrom = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => `${from + i} message ${from + i}`);

  test.each([
    ["a part of it", "UPDATE block_part SET data = zeroblob(9) WHERE key >> 14 = 41"],
    ["all of it", "DELETE FROM block_part WHERE key >> 14 = 41"],
    ["what is known of it", "UPDATE block SET timestamp_max = 7 WHERE id = 41"],
  ])("leaves a block alone of which %s is damaged, and merges those around it", async (_, harm) => {
    const { noted, merges, messages, ranges } = await compactHarmed(100, (database) => database.run(harm));
    expect(ranges).toEqual([
      [1, 80],
      [81, 82],
      [83, 200],
    ]);
    expect(messages).toEqual([...numberedFrom(1, 80), ...numberedFrom(83, 200)]);
    expect(merges).toBe(2);
    if (!harm.includes("timestamp_max"))
      expect(noted.map(({ id, firstId, lastId }) => [id, firstId, lastId])).toEqual([[41, 81, 82]]);
  });

  test("merges nothing across records that are missing, so that each keeps its id", async () => {
    const { messages, ranges } = await compactHarmed(100, (database) => deleteBlock(database, 41, 81));
    expect(ranges).toEqual([
      [1, 80],
      [83, 200],
    ]);
    expect(messages).toEqual([...numberedFrom(1, 80), ...numberedFrom(83, 200)]);
  });
});
