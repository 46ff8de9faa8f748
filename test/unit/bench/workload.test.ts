import { describe, expect, test } from "bun:test";
import { parse } from "../../../src/schema/parse.ts";
import { recordSchema } from "../../../src/schema/record.ts";
import { PHRASE } from "../../bench/records.ts";
import { buildWorkload, type LoadRequest, singlesFor } from "../../bench/workload.ts";

function bodyOf(request: LoadRequest): { head: string; body: string } {
  const text = new TextDecoder().decode(request.bytes);
  const at = text.indexOf("\r\n\r\n");
  return { head: text.slice(0, at), body: text.slice(at + 4) };
}

describe("the workload of the benchmark", () => {
  const workload = buildWorkload(2500, "lct_secret", 11);

  test("has every record once: in batches of 1000, the last one smaller, then one by one", () => {
    expect(workload.batches.map((batch) => batch.records)).toEqual([1000, 1000, 500]);
    expect(workload.singles).toHaveLength(2000);
    expect(workload.records).toBe(4500);
    for (const { bytes, records } of [...workload.batches, ...workload.singles.slice(0, 3)]) {
      expect(bodyOf({ bytes, records }).body.split("\n")).toHaveLength(records);
    }
  });

  test("says the length of each body in bytes", () => {
    for (const request of [...workload.batches, ...workload.singles]) {
      const { head, body } = bodyOf(request);
      expect(head).toContain("Authorization: Token lct_secret");
      expect(head).toEndWith(`Content-Length: ${Buffer.byteLength(body)}`);
    }
  });

  test("counts the records with the phrase", () => {
    const lines = [...workload.batches, ...workload.singles].flatMap((request) => bodyOf(request).body.split("\n"));
    expect(lines.filter((line) => line.includes(PHRASE))).toHaveLength(workload.phraseRecords);
  });

  test("is made of records that are valid by the schema", () => {
    for (const line of bodyOf(workload.batches[0] as LoadRequest).body.split("\n")) {
      expect(parse(recordSchema, JSON.parse(line), "invalid_json").service).not.toBeNull();
    }
  });

  test("posts one record of fifty one by one, within bounds", () => {
    expect(singlesFor(1000)).toBe(2000);
    expect(singlesFor(1_000_000)).toBe(20_000);
    expect(singlesFor(10_000_000)).toBe(50_000);
  });
});
