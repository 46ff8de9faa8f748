import { afterAll, describe, expect, test } from "bun:test";
import { NO_FILTER } from "../../../../../src/query/filter.ts";
import { parseQuery } from "../../../../../src/query/parse-query.ts";
import { insertBlock } from "../../../../../src/store/blocks/block/block-catalog.ts";
import { openForReading, openForWriting } from "../../../../../src/store/blocks/file/database.ts";
import { listRanges } from "../../../../../src/store/blocks/scan/record-ranges.ts";
import type { RecordRange } from "../../../../../src/store/blocks/search/record-range.ts";
import { encodedBlockOf, row } from "../../../../support/rows.ts";
import { makeTemporaryFolder } from "../../../../support/temporary-folder.ts";

const folder = await makeTemporaryFolder();
const database = openForWriting(folder.file("logs.db"));
afterAll(async () => {
  database.close();
  await folder[Symbol.asyncDispose]();
});

const WORDS = ["apple", "pear", "apple", "plum", "pear", "apple"];
for (const [index, word] of WORDS.entries()) {
  const rows = Array.from({ length: 10 }, (_, at) => row({ message: `${word} number ${at}` }));
  insertBlock(database, index + 1, encodedBlockOf(rows, { firstId: index * 10 + 1, dense: true }));
}

const rangesOf = (text: string, parts: number, reader = database, within?: RecordRange) =>
  listRanges(reader, { ...NO_FILTER, query: parseQuery(text) }, parts, within, 1);

describe("the ranges of a search", () => {
  test("begin and end with blocks that may hold what is looked for, as their filters tell", () => {
    expect(rangesOf("apple", 8)).toEqual([
      { fromId: 1, toId: 10 },
      { fromId: 21, toId: 30 },
      { fromId: 51, toId: 60 },
    ]);
    expect(rangesOf("plum OR pear", 2)).toEqual([
      { fromId: 11, toId: 40 },
      { fromId: 41, toId: 50 },
    ]);
    expect(rangesOf("cherry", 8)).toEqual([]);
    expect(rangesOf("*", 1)).toEqual([{ fromId: 1, toId: 60 }]);
  });

  test("hold nothing beside the range that they are looked for in", () => {
    const within = { fromId: 25, toId: 52 };
    expect(rangesOf("apple", 8, database, within)).toEqual([
      { fromId: 25, toId: 30 },
      { fromId: 51, toId: 52 },
    ]);
    expect(rangesOf("*", 1, database, within)).toEqual([within]);
    expect(rangesOf("apple", 8, database, { fromId: 31, toId: 50 })).toEqual([]);
    expect(rangesOf("apple", 8, database, { fromId: 61, toId: Number.POSITIVE_INFINITY })).toEqual([]);
  });

  test("have a block in them of which nothing more can be read", () => {
    database.run("DELETE FROM block_part WHERE key / 16384 = 3");
    using reader = openForReading(folder.file("logs.db"));
    expect(rangesOf("plum", 8, reader)).toEqual([
      { fromId: 21, toId: 30 },
      { fromId: 31, toId: 40 },
    ]);
  });
});
