import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RequestSource, requestsFromFile, sliceRequests } from "../../bench/request-source.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-requests-"));
const path = join(folder, "lines");
writeFileSync(path, "one\ntwo and more\nthree\n");
const file = openSync(path, "r");
afterAll(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

const BODIES = [
  { start: 0, end: 3, records: 1 },
  { start: 4, end: 16, records: 1 },
  { start: 17, end: 22, records: 1 },
];

function bodiesOf(source: RequestSource): (string | undefined)[] {
  const read = source.openReader();
  return Array.from({ length: source.requests }, (_, index) => new TextDecoder().decode(read(index).bytes).split("\r\n\r\n")[1]);
}

describe("requests from a file", () => {
  const source = requestsFromFile(file, BODIES, "lct_x");

  test("have the bodies that were asked for, a longer one after a shorter one and the other way round", () => {
    expect(bodiesOf(source)).toEqual(["one", "two and more", "three"]);
  });

  test("of one reader stay as they are while another reads", () => {
    const [first, second] = [source.openReader(), source.openReader()];
    const { bytes } = first(0);
    second(1);
    expect(new TextDecoder().decode(bytes)).toEndWith("\r\n\r\none");
  });

  test("can be cut into windows that together have all of them", () => {
    const windows = [sliceRequests(source, 0, 2), sliceRequests(source, 2, 4)];
    expect(windows.map(bodiesOf)).toEqual([["one", "two and more"], ["three"]]);
  });

  test("fail where there is no such request, or the file has become shorter", () => {
    expect(() => source.openReader()(3)).toThrow("there is no request 3");
    const beyond = requestsFromFile(file, [{ start: 17, end: 40, records: 1 }], "lct_x");
    expect(() => beyond.openReader()(0)).toThrow("cut short");
  });
});
