import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "../../../src/schema/parse.ts";
import { RARE_WORD } from "../../bench/records.ts";
import type { RequestSource } from "../../bench/request-source.ts";
import { singlesFor, writeWorkload } from "../../bench/workload.ts";
import { recordSchema } from "../../support/reference-record.ts";

const folder = mkdtempSync(join(tmpdir(), "logctl-workload-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readAll(source: RequestSource): { head: string; body: string; records: number }[] {
  const read = source.openReader();
  return Array.from({ length: source.requests }, (_, index) => {
    const { bytes, records } = read(index);
    const text = new TextDecoder().decode(bytes);
    const at = text.indexOf("\r\n\r\n");
    return { head: text.slice(0, at), body: text.slice(at + 4), records };
  });
}

describe("the workload of the benchmark", () => {
  const workload = writeWorkload(join(folder, "records.ndjson"), 2500, "lct_secret", { seed: 11 });
  const batches = readAll(workload.batches);
  const singles = readAll(workload.singles);
  const file = readFileSync(workload.path, "utf8");
  workload.close();

  test("has every record once: in batches of 1000, the last one smaller, then one by one", () => {
    expect(batches.map(({ records }) => records)).toEqual([1000, 1000, 500]);
    expect(singles).toHaveLength(2000);
    expect(workload.expected.records).toBe(4500);
    for (const { body, records } of [...batches, ...singles]) expect(body.split("\n")).toHaveLength(records);
  });

  test("is the file, line for line and in its order", () => {
    expect([...batches, ...singles].map(({ body }) => `${body}\n`).join("")).toBe(file);
    expect(Buffer.byteLength(file)).toBe(workload.bytes);
  });

  test("says the length of each body in bytes", () => {
    for (const { head, body } of [...batches, ...singles]) {
      expect(head).toContain("Authorization: Token lct_secret");
      expect(head).toEndWith(`Content-Length: ${Buffer.byteLength(body)}`);
    }
  });

  test("is made of records that are valid by the schema", () => {
    for (const line of batches[0]?.body.split("\n") ?? []) {
      expect(parse(recordSchema, JSON.parse(line), "invalid_json").service).not.toBeNull();
    }
  });

  test("has the rare word in its first records only, and none one by one, where it is told so", () => {
    const growing = writeWorkload(join(folder, "growing.ndjson"), 3000, "lct_secret", { rareRows: 1000, singles: 0 });
    const [first, ...others] = readAll(growing.batches).map(({ body }) => body.includes(RARE_WORD));
    growing.close();
    expect([first, others, growing.singles.requests]).toEqual([true, [false, false], 0]);
  });

  test("never writes over a file", () => {
    expect(() => writeWorkload(workload.path, 1000, "lct_secret")).toThrow("EEXIST");
  });

  test("posts one record of fifty one by one, within bounds", () => {
    expect(singlesFor(1000)).toBe(2000);
    expect(singlesFor(1_000_000)).toBe(20_000);
    expect(singlesFor(10_000_000)).toBe(50_000);
  });
});
