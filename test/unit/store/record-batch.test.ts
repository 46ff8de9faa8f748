import { describe, expect, test } from "bun:test";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "../../../src/store/record-batch.ts";

function appendNumbered(builder: RecordBatchBuilder, from: number, count: number, service = "web"): void {
  for (let i = from; i < from + count; i += 1) builder.append(i, i % 1_000_000, i % 10, i % 6, service, `m${i}`, "");
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("a builder of batches", () => {
  test("gathers records into columns", () => {
    const builder = createRecordBatchBuilder();
    builder.append(1000, 250_000, 6, 2, "web", "hello", '{"a":1}');
    builder.append(Number.NaN, 0, 0, 5, "db", "höllo 😀", "");
    builder.append(-5, 999_999, 9, 0, "web", "", '{"b":"x"}');
    expect([builder.rows(), builder.bytes()]).toEqual([3, 32]);
    const { timestampMs, ...batch } = builder.seal();
    expect([...timestampMs]).toEqual([1000, Number.NaN, -5]);
    expect(batch).toEqual({
      rows: 3,
      nanos: Uint32Array.of(250_000, 0, 999_999),
      digits: Uint8Array.of(6, 0, 9),
      severity: Uint8Array.of(2, 5, 0),
      service: Uint32Array.of(0, 1, 0),
      services: ["web", "db"],
      messageLengths: Uint32Array.of(5, 8, 0),
      messageOffsets: Uint32Array.of(0, 5, 16, 16),
      messages: utf8("hellohöllo 😀"),
      attributeLengths: Uint32Array.of(7, 0, 9),
      attributeOffsets: Uint32Array.of(0, 7, 7, 16),
      attributes: utf8('{"a":1}{"b":"x"}'),
    });
  });

  test("takes back the records from a row on, and goes on from there", () => {
    const builder = createRecordBatchBuilder();
    builder.append(1, 1, 1, 1, "web", "kept", '{"k":1}');
    builder.append(2, 2, 2, 2, "web", "gone", '{"g":1}');
    builder.append(3, 3, 3, 3, "web", "gone too", "");
    builder.truncate(1);
    expect([builder.rows(), builder.bytes()]).toEqual([1, 11]);
    builder.append(4, 4, 4, 4, "web", "new", "");
    const batch = builder.seal();
    expect(batch).toMatchObject({ rows: 2, messages: utf8("keptnew"), attributes: utf8('{"k":1}'), services: ["web"] });
    expect([...batch.timestampMs]).toEqual([1, 4]);
    expect([...batch.messageLengths]).toEqual([4, 3]);
    expect([...batch.attributeLengths]).toEqual([7, 0]);
  });

  test("gives each row its own service after rows with other services were taken back", () => {
    const builder = createRecordBatchBuilder();
    builder.append(1, 0, 0, 0, "web", "a", "");
    builder.append(2, 0, 0, 0, "gone", "b", "");
    builder.truncate(1);
    builder.append(3, 0, 0, 0, "db", "c", "");
    builder.append(4, 0, 0, 0, "web", "d", "");
    builder.append(5, 0, 0, 0, "gone", "e", "");
    const batch = builder.seal();
    expect([...batch.service].map((index) => batch.services[index])).toEqual(["web", "db", "web", "gone"]);
  });

  test("knows no service of which every record was taken back", () => {
    const builder = createRecordBatchBuilder();
    for (const service of ["web", "db", "web"]) builder.append(1, 0, 3, 2, service, "m", "");
    builder.append(1, 0, 3, 2, "gone", "m", "");
    builder.truncate(3);
    builder.append(1, 0, 3, 2, "new", "m", "");
    builder.append(1, 0, 3, 2, "gone", "m", "");
    builder.truncate(4);
    const { services, service } = builder.seal();
    expect([services, [...service]]).toEqual([
      ["web", "db", "new"],
      [0, 1, 0, 2],
    ]);
  });

  test("taking back nothing changes nothing", () => {
    const builder = createRecordBatchBuilder();
    appendNumbered(builder, 0, 3);
    builder.truncate(3);
    expect([builder.rows(), builder.bytes()]).toEqual([3, 6]);
    expect(builder.seal().messages).toEqual(utf8("m0m1m2"));
  });

  test("is empty after sealing", () => {
    const builder = createRecordBatchBuilder();
    appendNumbered(builder, 0, 2, "web");
    const first = builder.seal();
    expect(first).toMatchObject({ rows: 2, messages: utf8("m0m1"), services: ["web"], timestampMs: Float64Array.of(0, 1) });
    expect([builder.rows(), builder.bytes()]).toEqual([0, 0]);
    appendNumbered(builder, 7, 1, "db");
    const second = builder.seal();
    expect(first.services).toEqual(["web"]);
    expect(second).toMatchObject({ rows: 1, messages: utf8("m7"), services: ["db"], service: Uint32Array.of(0) });
    expect(builder.seal()).toMatchObject({ rows: 0, messages: utf8(""), services: [] });
  });

  test("takes texts that were written behind the others, and leaves those alone that were not taken", () => {
    const builder = createRecordBatchBuilder();
    builder.append(1, 0, 3, 2, "web", "é", '{"a":1}');
    const write = (message: string, attributes: string) => {
      builder.reserve(1000);
      builder.messages.bytes.set(utf8(message), builder.messages.length);
      builder.attributes.bytes.set(utf8(attributes), builder.attributes.length);
    };
    write("given up", "{");
    write("😀!", '{"b":"é"}');
    builder.appendWritten(2, 0, 3, 2, "db", 5, 3, 10, 9);
    builder.append(3, 0, 3, 2, "web", "end", "");
    expect(builder.seal()).toMatchObject({
      rows: 3,
      messageLengths: Uint32Array.of(1, 3, 3),
      messageOffsets: Uint32Array.of(0, 2, 7, 10),
      messages: utf8("é😀!end"),
      attributeLengths: Uint32Array.of(7, 9, 0),
      attributeOffsets: Uint32Array.of(0, 7, 17, 17),
      attributes: utf8('{"a":1}{"b":"é"}'),
    });
  });

  test("grows to as many records as there are", () => {
    const builder = createRecordBatchBuilder();
    const rows = 20_000;
    appendNumbered(builder, 0, rows);
    const batch = builder.seal();
    expect(batch.rows).toBe(rows);
    const numbers = Array.from({ length: rows }, (_, i) => i);
    expect([...batch.timestampMs]).toEqual(numbers);
    expect([...batch.nanos]).toEqual(numbers);
    expect([...batch.digits]).toEqual(numbers.map((i) => i % 10));
    expect([...batch.severity]).toEqual(numbers.map((i) => i % 6));
    expect([...batch.messageLengths]).toEqual(numbers.map((i) => `m${i}`.length));
    expect(batch.messages).toEqual(utf8(numbers.map((i) => `m${i}`).join("")));
    expect(batch.attributes).toEqual(utf8(""));
    expect(batch.messageOffsets[rows]).toBe(batch.messages.length);
  });
});
