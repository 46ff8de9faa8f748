import { expect, test } from "bun:test";
import { createCsvRenderer } from "../../../src/render/csv.ts";
import { createPaint } from "../../../src/render/text/colours.ts";

const HEADER = "id,timestamp,received_at,service,severity,message,attributes";

function csv(messages: string[], terminal: boolean, attributes?: string): string {
  const renderer = createCsvRenderer({ terminal, columns: terminal ? 80 : undefined, utc: true, paint: createPaint(true) });
  const lines = messages.map((message) => {
    const times = '"timestamp":"2026-11-24T10:00:00Z","received_at":"2026-11-24T10:00:01Z"';
    const text = JSON.stringify(message);
    return `{"id":1,${times},"service":"chat","severity":"INFO","message":${text}${attributes ? `,"attributes":${attributes}` : ""}}`;
  });
  return lines.map((line) => renderer.render([line])).join("") + renderer.finish();
}

const row = (rest: string) => `1,2026-11-24T10:00:00Z,2026-11-24T10:00:01Z,chat,INFO,${rest}`;

test("the header comes once, also where there are no records", () => {
  expect(csv(["a", "b"], false)).toBe(`${HEADER}\r\n${row("a,")}\r\n${row("b,")}\r\n`);
  expect(csv([], false)).toBe(`${HEADER}\r\n`);
  expect(csv([], true)).toBe(`${HEADER}\n`);
});

test("for a pipe a message keeps its line ends, on a terminal a record is one line without a carriage return", () => {
  expect(csv(["a\r\nb"], false)).toBe(`${HEADER}\r\n${row('"a\r\nb",')}\r\n`);
  expect(csv(["a\r\nb"], true)).toBe(`${HEADER}\n${row("a\\r\\nb,")}\n`);
});

test("formulas are defused on a terminal too", () => {
  expect(csv(["=1+1"], true)).toBe(`${HEADER}\n${row("'=1+1,")}\n`);
  expect(csv(["\uff1d1+1"], true)).toBe(`${HEADER}\n${row("'\uff1d1+1,")}\n`);
});

test("attributes are the JSON the server sent", () => {
  const attributes = '{"n":12345678901234567890,"s":"\u200b\u007f"}';
  expect(csv(["a"], false, attributes)).toBe(
    `${HEADER}\r\n${row('a,"{""n"":12345678901234567890,""s"":""\u200b\u007f""}"')}\r\n`,
  );
  expect(csv(["a"], true, attributes)).toBe(`${HEADER}\n${row('a,"{""n"":12345678901234567890,""s"":""\\u200b\\u007f""}"')}\n`);
});
