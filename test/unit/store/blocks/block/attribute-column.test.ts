import { describe, expect, test } from "bun:test";
import { readAttributeColumn } from "../../../../../src/store/blocks/block/attribute-column.ts";
import type { PageText } from "../../../../../src/store/blocks/block/block-reader.ts";

function pageOf(texts: string[]): PageText {
  const offsets = new Uint32Array(texts.length + 1);
  for (const [row, text] of texts.entries()) offsets[row + 1] = (offsets[row] as number) + text.length;
  return { text: texts.join(""), isAscii: false, offsets: () => offsets };
}

function read(texts: string[], path: string): (string | undefined)[] {
  const { values, indexes } = readAttributeColumn(pageOf(texts), path);
  expect(new Set(values).size).toBe(values.length);
  return Array.from(indexes, (index) => values[index - 1]);
}

describe("the column of an attribute", () => {
  test("has each row's value as JSON, and nothing where a row has none", () => {
    const texts = [
      "",
      '{"user_id":42}',
      '{"a":"user_id"}',
      '{"user_id":"42"}',
      '{"user_id":null}',
      '{"x":1,"user_id":[1,{"y":2}]}',
    ];
    expect(read(texts, "user_id")).toEqual([undefined, "42", undefined, '"42"', "null", '[1,{"y":2}]']);
  });

  test("is found in nested objects, and under names with dots", () => {
    const texts = ['{"http":{"method":"GET"}}', '{"http.method":"PUT"}', '{"a":{"http":{"method":"POST"}}}', '{"method":"GET"}'];
    expect(read(texts, "http.method")).toEqual(['"GET"', '"PUT"', undefined, undefined]);
    expect(read(texts, "a.http.method")).toEqual([undefined, undefined, '"POST"', undefined]);
    expect(read(['{"a.b":{"c.d":7}}', '{"a":{"b":1},"a.b.c":2}'], "a.b.c.d")).toEqual(["7", undefined]);
  });

  test("is an array of all values where names with dots make the path lead to several", () => {
    expect(read(['{"a.b":1,"a":{"b":2}}', '{"a":{"b":2}}', '{"a.b":{"x":1},"a":{"b":null}}'], "a.b")).toEqual([
      ...["[1,2]", "2", '[{"x":1},null]'],
    ]);
    expect(read(['{"a":{"b":{"c":1},"b.c":2},"a.b":{"c":3},"a.b.c":4}'], "a.b.c")).toEqual(["[4,2,1,3]"]);
  });

  test("is not what only looks like it: other cases, parts of names, texts of values, what every object has", () => {
    const texts = ['{"User_id":1}', '{"my_user_id":1}', '{"a":"\\"user_id\\":5"}', '{"b":{"user_id":1}}'];
    expect(read(texts, "user_id")).toEqual([undefined, undefined, undefined, undefined]);
    expect(read(['{"a":1}', '{"a":{}}'], "toString")).toEqual([undefined, undefined]);
    expect(read(['{"__proto__":1}', '{"a":1}'], "__proto__")).toEqual(["1", undefined]);
  });

  test("is found whatever the name is made of", () => {
    for (const name of ["", '"', "\\", "a b", "東京", "\n", "é", "a\\.b"]) {
      expect(read([`{${JSON.stringify(name)}:true}`, '{"z":1}'], name)).toEqual(["true", undefined]);
    }
  });
});
