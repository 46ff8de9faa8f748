import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CSV_HEADER, type CsvFields, writeCsvRow } from "../../../src/schema/csv.ts";

const FIELDS: CsvFields = {
  id: 7,
  timestamp: "2026-11-24T10:00:00Z",
  received_at: "2026-11-24T10:00:01.5Z",
  service: "payments",
  severity: "INFO",
  message: "plain",
  attributes: "",
};
const BEFORE_MESSAGE = "7,2026-11-24T10:00:00Z,2026-11-24T10:00:01.5Z,payments,INFO,";

function messageCell(message: string): string {
  const row = writeCsvRow({ ...FIELDS, message });
  expect(row).toStartWith(BEFORE_MESSAGE);
  expect(row).toEndWith(",\r\n");
  return row.slice(BEFORE_MESSAGE.length, -",\r\n".length);
}

/** The cells of CSV as RFC 4180 has it, for one that writes by the book. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    let cell = "";
    if (text[at] === '"') {
      for (at += 1; !(text[at] === '"' && text[at + 1] !== '"'); at += 1) {
        if (at >= text.length) throw new Error("a quote is never closed");
        if (text[at] === '"') at += 1;
        cell += text[at];
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== "," && !text.startsWith("\r\n", at)) {
        if (text[at] === '"') throw new Error("a quote within a bare cell");
        cell += text[at];
        at += 1;
      }
    }
    rows.at(-1)?.push(cell);
    if (text[at] === ",") at += 1;
    else if (text.startsWith("\r\n", at)) {
      at += 2;
      rows.push([]);
    } else throw new Error(`neither a comma nor a line end at ${at}`);
  }
  return rows.slice(0, -1);
}

describe("writeCsvRow", () => {
  test("writes the columns in the order of the header, which ends as a row does", () => {
    expect(CSV_HEADER).toBe("id,timestamp,received_at,service,severity,message,attributes\r\n");
    expect(writeCsvRow({ ...FIELDS, attributes: '{"a":1}' })).toBe(`${BEFORE_MESSAGE}plain,"{""a"":1}"\r\n`);
  });

  test.each([
    ["plain words stay bare", "plain words", "plain words"],
    ["an empty cell is empty", "", ""],
    ["quotes are doubled", 'he said "hi", ok', '"he said ""hi"", ok"'],
    ["a comma is quoted", "a,b", '"a,b"'],
    ["a line feed is quoted and kept", "a\nb", '"a\nb"'],
    ["a lone carriage return is quoted", "a\rb", '"a\rb"'],
    ["a semicolon is quoted for readers that split there", "a;=1+1", '"a;=1+1"'],
    ["a tab is quoted for readers that split there", "a\tb", '"a\tb"'],
    ["a space at the start is quoted", " a", '" a"'],
    ["a space at the end is quoted", "a ", '"a "'],
    ["non-ASCII text stays bare", "日志 😀", "日志 😀"],
  ])("%s", (_name, message, cell) => {
    expect(messageCell(message)).toBe(cell);
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+1+1", "'+1+1"],
    ["-1+1", "'-1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1+1", '"\'\t=1+1"'],
    ["\r=1+1", '"\'\r=1+1"'],
    ["\n=1+1", '"\'\n=1+1"'],
    ["\uff1d1+1", "'\uff1d1+1"],
    ["\uff0b1+1", "'\uff0b1+1"],
    ["\uff0d1+1", "'\uff0d1+1"],
    ["\uff20A1", "'\uff20A1"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
    ["-12.5+cmd", "'-12.5+cmd"],
    ["-12.5\n=1", '"\'-12.5\n=1"'],
    ["-", "'-"],
    ["\uff0d12", "'\uff0d12"],
    [" =1+1", "' =1+1"],
    ["\ufeff=1+1", "'\ufeff=1+1"],
    ["\u00a0 @SUM(A1)", "'\u00a0 @SUM(A1)"],
    ["\u200b\u202e-1+1", "'\u200b\u202e-1+1"],
    ["\u0000=1+1", "'\u0000=1+1"],
  ])("defuses %j", (message, cell) => {
    expect(messageCell(message)).toBe(cell);
  });

  test.each(["-12.5", "+3", "-1", "-1.5e10", "-2E-7", "12", "a=b", "x-1", "'quoted'"])("leaves %j as it is", (message) => {
    expect(messageCell(message)).toBe(message);
  });

  test("defuses every column that is text, not just the message", () => {
    const row = writeCsvRow({ ...FIELDS, service: "=cmd", attributes: "=1" });
    expect(row).toContain(",'=cmd,");
    expect(row).toEndWith(",'=1\r\n");
    expect(row).not.toContain(",=");
  });

  test("any text reads back as it was, or behind one apostrophe, and no cell begins a formula", () => {
    const nasty = fc.string({ unit: fc.constantFrom(..."\",;\r\n\t =+-@'aé\uff1d\uff0b1.e") });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), nasty, (message, service) => {
        const rows = readCsv(CSV_HEADER + writeCsvRow({ ...FIELDS, message, service, attributes: "" }));
        expect(rows).toHaveLength(2);
        const [, row = []] = rows;
        expect(row).toHaveLength(7);
        for (const [text, cell] of [
          [service, row[3]],
          [message, row[5]],
        ]) {
          expect([text, `'${text}`]).toContain(cell);
          if (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|^\s+[=+\-@]/.test(cell ?? "")) expect(Number(cell)).not.toBeNaN();
        }
      }),
      { numRuns: 1000 },
    );
  });
});
