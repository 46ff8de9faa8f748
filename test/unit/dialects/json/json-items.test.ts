import { describe, expect, test } from "bun:test";
import { BROKEN, readJsonItems } from "../../../support/reference-items.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("readJsonItems", () => {
  test.each([
    ["one object", '{"a":1}', [{ a: 1 }]],
    ["one object over many lines", '{\n  "a": 1\n}\n', [{ a: 1 }]],
    ["an array", '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ["an empty array", "[]", []],
    ["an array over many lines", '[\n{"a":1},\n{"a":2}\n]', [{ a: 1 }, { a: 2 }]],
    ["NDJSON", '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ["NDJSON with CRLF and blank lines", '\r\n{"a":1}\r\n\r\n{"a":2}', [{ a: 1 }, { a: 2 }]],
    ["a wrapped list", '{"logs":[{"a":1},7]}', [{ a: 1 }, 7]],
    ["a record that has logs of its own", '{"message":"m","logs":[1]}', [{ message: "m", logs: [1] }]],
    ["a record that calls its message msg", '{"msg":"m","logs":[1]}', [{ msg: "m", logs: [1] }]],
    ["logs that are no list", '{"logs":7}', [{ logs: 7 }]],
    ["objects spread over lines, one after another", '{\n"a":1\n}\n{\n"a":2\n}\n', [{ a: 1 }, { a: 2 }]],
    ["a wrapped list spread over lines", '{\n"logs":[\n{"a":1}\n]}', [{ a: 1 }]],
    ["a scalar", "42", [42]],
    ["a scalar among lines", '{"a":1}\n42\n', [{ a: 1 }, 42]],
  ])("reads %s", (_what, text, items) => {
    expect(readJsonItems(bytes(text))?.items).toEqual(items);
  });

  test.each(["", "  \r\n\t"])("finds nothing in a blank body (%j)", (text) => {
    expect(readJsonItems(bytes(text))).toBeUndefined();
  });

  test("a broken line is a broken item, and the lines around it are read", () => {
    expect(readJsonItems(bytes('{"a":1}\n{"a":\n{"a":3}'))?.items).toEqual([{ a: 1 }, BROKEN, { a: 3 }]);
    expect(readJsonItems(bytes('garbage\n{"a":2}'))?.items).toEqual([BROKEN, { a: 2 }]);
    expect(readJsonItems(bytes('{"a":1}\ngarbage'))?.items).toEqual([{ a: 1 }, BROKEN]);
  });

  test.each(["garbage", '{"a":', '[{"a":1},\n{"a":2}', "not\njson\n"])(
    "a body in which nothing can be read is one broken item (%j)",
    (text) => {
      expect(readJsonItems(bytes(text))?.items).toEqual([BROKEN]);
    },
  );

  test("exact gives back the digits that a number lost", () => {
    for (const text of ['{"n":12345678901234567890}', '[{"n":12345678901234567890}]', '{"logs":[{"n":12345678901234567890}]}']) {
      expect(readJsonItems(bytes(text))?.exact(0)).toEqual({ n: "12345678901234567890" });
    }
    const lines = readJsonItems(bytes('{"n":1}\nbroken\n\n{"n":12345678901234567890}'));
    expect(lines?.exact(2)).toEqual({ n: "12345678901234567890" });
  });

  test("exact reads what another item nests very deeply", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(readJsonItems(bytes(`[{"n":12345678901234567890},${deep}]`))?.exact(0)).toEqual({ n: "12345678901234567890" });
  });

  test("byte order marks go, and UTF-16 is read", () => {
    const items = [{ a: "é" }];
    expect(readJsonItems(bytes('\ufeff{"a":"é"}'))?.items).toEqual(items);
    const le = new Uint8Array([0xff, 0xfe, ...Buffer.from('{"a":"é"}', "utf16le")]);
    expect(readJsonItems(le)?.items).toEqual(items);
    const be = new Uint8Array([0xfe, 0xff, ...Buffer.from('{"a":"é"}', "utf16le").swap16()]);
    expect(readJsonItems(be)?.items).toEqual(items);
  });

  test("bytes that are no UTF-8 are replaced, and that is told", () => {
    const body = new Uint8Array([...bytes('{"a":"x'), 0xff, ...bytes('"}')]);
    expect(readJsonItems(body)).toMatchObject({ items: [{ a: "x\ufffd" }], replaced: true });
    expect(readJsonItems(bytes('{"a":"\ufffd"}'))?.replaced).toBe(false);
  });

  test("reads large bodies as it reads small ones, wherever their lines end", () => {
    const items = Array.from({ length: 3000 }, (_, n) => ({ n, text: "é€😀x".repeat(n % 997 === 500 ? 9000 : n % 7) }));
    const lines = items.map((item) => JSON.stringify(item));
    expect(readJsonItems(bytes(lines.join("\n")))?.items).toEqual(items);
    expect(readJsonItems(bytes(`${lines.join("\r\n\n")}\n`))?.items).toEqual(items);
    expect(readJsonItems(bytes([...lines, "broken", lines[0]].join("\n")))?.items).toEqual([...items, BROKEN, items[0]]);
    const spread = { items };
    expect(readJsonItems(bytes(JSON.stringify(spread, null, 2)))?.items).toEqual([spread]);
    expect(readJsonItems(bytes(`${JSON.stringify(spread, null, 2)}\n{"a":1}`))?.items).toEqual([spread, { a: 1 }]);
  });
});
