import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { deleteBlock, insertBlock, listBlocks } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { BlockGone, type BlockReader, type ColumnPart } from "../../../../../src/store/blocks/block/block-reader.ts";
import { openBlock } from "../../../../../src/store/blocks/block/open-block.ts";
import { type EncodeOptions, PART, unbundle } from "../../../../../src/store/blocks/block/plain-block.ts";
import { openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { bloomMayHold } from "../../../../../src/store/blocks/index/bloom.ts";
import { wordHashes } from "../../../../../src/store/blocks/index/words.ts";
import { encodedBlockOf, numbered, type Row, row, rowsOf } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const WAYS: EncodeOptions[] = [
  { blooms: false, bundle: true },
  { blooms: true, bundle: true },
  { blooms: false, bundle: false },
  { blooms: true, bundle: false },
];
const COLUMNS: ColumnPart[] = ["timestamp", "nanos", "digits", "received", "severity", "service"];

/** A database whose blocks can be written, read by another connection, and deleted. */
async function openTestDatabase() {
  const folder = await makeTemporaryFolder();
  const writer = openForWriting(folder.file("logs.db"));
  // What is tested here is no matter of disks.
  writer.run("PRAGMA synchronous=OFF");
  const reader = openForReading(folder.file("logs.db"));
  let nextId = 1;
  return {
    store(rows: Row[], fields: Parameters<typeof encodedBlockOf>[1] = {}): BlockReader {
      const id = nextId;
      nextId += 1;
      insertBlock(writer, id, encodedBlockOf(rows, { firstId: id * 1_000_000, ...fields }));
      const [meta] = listBlocks(reader, { id });
      if (meta === undefined) throw new Error("the block is not listed");
      return openBlock(reader, meta);
    },
    delete: ({ meta }: BlockReader) => deleteBlock(writer, meta.id, meta.firstId),
    async [Symbol.asyncDispose]() {
      reader.close();
      writer.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "\u0000", "a\u0000b", "😀𐐀", "\ufeff", "\ufffd", "line\r\nline", "中".repeat(300), '{"not":"attributes"}'),
);
const anyRow: fc.Arbitrary<Row> = fc.record({
  ms: fc.oneof(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), fc.constantFrom(0, -1, 1_764_000_000_000)),
  nanos: fc.integer({ min: 0, max: 999_999 }),
  digits: fc.integer({ min: 0, max: 9 }),
  severity: fc.integer({ min: 0, max: 5 }),
  service: fc.constantFrom("web", "db", "中文", "a b"),
  message: text,
  attributes: fc.oneof(
    fc.constant(""),
    fc.dictionary(text, text, { maxKeys: 3 }).map((fields) => JSON.stringify(fields)),
  ),
});

/** Rows of about 100,000 UTF-16 units each, so that a page holds a few. */
const heavyRows = Array.from({ length: 12 }, (_, i) =>
  row({ ms: i, message: `heavy${i} ${"é".repeat(100_000)}`, attributes: i % 2 === 0 ? `{"part":"only${i}"}` : "" }),
);

describe.each(WAYS)("a block with %o", (options) => {
  test("reads back, through SQLite, what went in, whatever it is", async () => {
    await using database = await openTestDatabase();
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 40 }), (rows) => {
        const block = database.store(rows, options);
        expect(rowsOf(block)).toEqual(rows);
        const times = rows.map(({ ms }) => ms);
        expect(block.meta).toMatchObject({
          rows: rows.length,
          lastId: block.meta.firstId + rows.length - 1,
          timestampMin: Math.min(...times),
          timestampMax: Math.max(...times),
          severityMask: rows.reduce((mask, { severity }) => mask | (1 << severity), 0),
          services: [...new Set(rows.map(({ service }) => service))],
          characters: rows.reduce((sum, { message, attributes }) => sum + message.length + attributes.length, 0),
        });
      }),
      { numRuns: 50 },
    );
  });

  test("keeps the times of receipt, and their range", async () => {
    await using database = await openTestDatabase();
    const receivedMs = [1_764_000_000_003, -5, 1_764_000_000_001];
    const block = database.store(numbered(3), { ...options, receivedMs });
    expect([...block.column("received")]).toEqual(receivedMs);
    expect(block.meta).toMatchObject({ receivedMin: -5, receivedMax: 1_764_000_000_003 });
  });

  test("of several pages reads each row from its own page, in any order", async () => {
    await using database = await openTestDatabase();
    const block = database.store(heavyRows, options);
    expect(block.pages()).toBe(4);
    expect([0, 1, 2, 3].map((page) => block.pageRange(page))).toEqual([
      { from: 0, to: 3 },
      { from: 3, to: 6 },
      { from: 6, to: 9 },
      { from: 9, to: 12 },
    ]);
    expect(rowsOf(block)).toEqual(heavyRows);
    for (const page of [3, 0, 2, 2, 1]) {
      const { from, to } = block.pageRange(page);
      expect(
        block.messages(page).text ===
          heavyRows
            .slice(from, to)
            .map(({ message }) => message)
            .join(""),
      ).toBe(true);
      expect(block.attributes(page).text).toBe(
        heavyRows
          .slice(from, to)
          .map(({ attributes }) => attributes)
          .join(""),
      );
      expect([...block.columnOfPage("timestamp", page)]).toEqual(heavyRows.slice(from, to).map(({ ms }) => ms));
    }
  });

  test("takes one message of 256 KiB, between others", async () => {
    await using database = await openTestDatabase();
    const rows = [row({ message: "before" }), row({ message: "中x".repeat(131_072) }), row({ message: "after" })];
    const block = database.store(rows, options);
    expect(rowsOf(block).map(({ message }, at) => message === rows[at]?.message)).toEqual([true, true, true]);
  });

  test("takes a message larger than a page", async () => {
    await using database = await openTestDatabase();
    const rows = [row({ message: "x".repeat(500_000) }), row({ message: "y" }), row({ message: "z".repeat(500_000) })];
    const block = database.store(rows, options);
    expect(rowsOf(block).map(({ message }, at) => message === rows[at]?.message)).toEqual([true, true, true]);
    expect(block.pages()).toBe(3);
  });

  test("without any text has pages without any text", async () => {
    await using database = await openTestDatabase();
    const rows = [row({ message: "" }), row({ message: "" })];
    const block = database.store(rows, options);
    expect(rowsOf(block)).toEqual(rows);
    expect(block.attributes(0).text).toBe("");
    expect([...block.messages(0).offsets()]).toEqual([0, 0, 0]);
  });

  test("has a Bloom filter a page of the words on it, where it has any", async () => {
    await using database = await openTestDatabase();
    const block = database.store(heavyRows, options);
    const [onFirst, onSecond, key] = [wordHashes("heavy1"), wordHashes("only4"), wordHashes("part")].map(
      ([hash]) => hash as number,
    );
    const filters = [0, 1].map((page) => block.bloom(page));
    if (!options.blooms) return expect(filters).toEqual([undefined, undefined]);
    const holds = (hash: number | undefined) => filters.map((bits) => bits && bloomMayHold(bits, hash as number));
    expect(holds(onFirst)).toEqual([true, false]);
    expect(holds(onSecond)).toEqual([false, true]);
    expect(holds(key)).toEqual([true, true]);
    expect(holds(wordHashes("absent")[0])).toEqual([false, false]);
  });

  test("that is deleted between being listed and being read is gone, whatever is asked of it", async () => {
    await using database = await openTestDatabase();
    const asks: ((block: BlockReader) => unknown)[] = [
      ...COLUMNS.map((part) => (block: BlockReader) => block.column(part)),
      ...COLUMNS.map((part) => (block: BlockReader) => block.columnOfPage(part, 0)),
      (block) => block.pages(),
      (block) => block.pageRange(0),
      (block) => block.messages(0),
      (block) => block.attributes(0),
    ];
    for (const ask of asks) {
      const block = database.store([row({ attributes: '{"a":1}' })], options);
      expect(database.delete(block)).toBe(true);
      expect(() => ask(block)).toThrow(BlockGone);
    }
    // A filter only leaves pages out: without one, the page is read and found to be gone.
    const block = database.store([row()], options);
    database.delete(block);
    expect(block.bloom(0)).toBeUndefined();
    expect(() => block.messages(0)).toThrow(BlockGone);
  });

  test("that was read in part before it was deleted gives what is right or is gone, nothing else", async () => {
    await using database = await openTestDatabase();
    const rows = heavyRows;
    const block = database.store(rows, options);
    const other = database.store(numbered(5), options);
    block.pages();
    block.lengths("messages");
    block.lengths("attributes");
    block.messages(0);
    database.delete(block);
    expect(block.messages(0).text.startsWith("heavy0 ")).toBe(true);
    // A small block is read in one piece: it is all there still.
    if (options.bundle) expect(rowsOf(block)).toEqual(rows);
    else {
      expect(() => block.messages(1)).toThrow(BlockGone);
      expect(() => block.attributes(0)).toThrow(BlockGone);
      expect(() => block.column("timestamp")).toThrow(BlockGone);
    }
    expect(rowsOf(other)).toEqual(numbered(5));
  });
});

describe("encoding", () => {
  test("counts the bytes of all parts", () => {
    for (const options of WAYS) {
      const { meta, parts } = encodedBlockOf(heavyRows, options);
      expect(meta.bytes).toBe(parts.reduce((sum, { data }) => sum + data.length, 0));
    }
  });

  test("bundles just the parts that there would be otherwise", () => {
    const parted = encodedBlockOf(heavyRows, { bundle: false, blooms: true }).parts;
    const [only, ...others] = encodedBlockOf(heavyRows, { bundle: true, blooms: true }).parts;
    expect(others).toEqual([]);
    expect(only).toMatchObject({ part: PART.bundle, page: 0 });
    const unbundled = unbundle(only?.data ?? new Uint8Array());
    expect(unbundled.map(({ part, page }) => [part, page])).toEqual(parted.map(({ part, page }) => [part, page]));
    for (const [index, { data }] of unbundled.entries()) expect(Buffer.compare(data, parted[index]?.data as Uint8Array)).toBe(0);
  });

  test("gives each part memory of its own, to be given away", () => {
    const { parts } = encodedBlockOf(heavyRows, { bundle: false, blooms: true });
    expect(new Set(parts.map(({ data }) => data.buffer)).size).toBe(parts.length);
    for (const { data } of parts) expect(data.byteLength).toBe(data.buffer.byteLength);
  });
});
