import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRecordBatchBuilder } from "../../../../src/store/record-batch.ts";
import { decodeJsonLogs } from "../../../support/decode-json-logs.ts";

const decoder = new TextDecoder();

/** What becomes of a body: the records' texts, severities and services, and why items were refused. */
function decode(body: string, service: string | undefined = "web") {
  const batch = createRecordBatchBuilder();
  const answer = decodeJsonLogs(new TextEncoder().encode(body), service, batch);
  const { rows, messages, attributes, severity, services, timestampMs } = batch.seal();
  return {
    rows,
    messages: decoder.decode(messages),
    attributes: decoder.decode(attributes),
    severities: [...severity],
    services,
    times: [...timestampMs],
    refused: answer?.errors.map(({ code }) => code),
  };
}

describe("a name that occurs twice", () => {
  test.each([
    ["in a record", '{"message":"m","a":1,"a":2,"a":1}', '{"a":1,"a_2":2,"a_3":1}'],
    ["in an object in it", '{"message":"m","o":{"k":1,"k":2}}', '{"o":{"k":1,"k_2":2}}'],
    ["in an object in a list", '{"message":"m","o":[[{"k":1,"k":{"x":1,"x":2}}]]}', '{"o":[[{"k":1,"k_2":{"x":1,"x_2":2}}]]}'],
    ["in attributes", '{"message":"m","attributes":{"a":1,"a":2}}', '{"a":1,"a_2":2}'],
    ["as attributes", '{"message":"m","attributes":{"a":1},"attributes":{"a":2,"b":3}}', '{"a":1,"a_2":2,"b":3}'],
    [
      "as attributes of which one is no object",
      '{"message":"m","attributes":[1],"attributes":{"a":2}}',
      '{"a":2,"attributes":[1]}',
    ],
    ["once with an escape", '{"message":"m","\\u0061":1,"a":2}', '{"a":1,"a_2":2}'],
    ["beside the name it would get", '{"message":"m","a":1,"a":2,"a_2":3}', '{"a":1,"a_2":3,"a_3":2}'],
    ["with nothing in it", '{"message":"m","":1,"":2}', '{"":1,"_2":2}'],
    ["as __proto__", '{"message":"m","__proto__":1,"__proto__":2}', '{"__proto__":1,"__proto___2":2}'],
    ["with the same value", '{"message":"m","a":null,"a":null}', '{"a":null,"a_2":null}'],
    [
      "with numbers that lose digits",
      '{"message":"m","a":12345678901234567890,"a":1e400}',
      '{"a":"12345678901234567890","a_2":"1e400"}',
    ],
  ])("%s keeps both values", (_where, record, attributes) => {
    const spread = record.replaceAll(",", ",\n ").replaceAll("{", "{\n");
    for (const body of [
      record,
      `[${record}]`,
      `${record}\r\n`,
      `{"logs":[${record}]}`,
      spread,
      `[${spread}]`,
      `{"logs":\n[${spread}]}`,
    ]) {
      expect([body, decode(body)]).toEqual([body, expect.objectContaining({ rows: 1, messages: "m", attributes, refused: [] })]);
    }
  });

  test.each([
    ["message", '{"message":"first","message":"second"}', { messages: "first", attributes: '{"message_2":"second"}' }],
    ["message, of which the first is none", '{"message":7,"message":"m"}', { messages: "m", attributes: '{"message_2":7}' }],
    ["message, of which the first is null", '{"message":null,"message":"m"}', { messages: "m", attributes: "" }],
    [
      "message, of which the first is a long number",
      '{"message":12345678901234567890,"message":"m"}',
      { messages: "m", attributes: '{"message_2":"12345678901234567890"}' },
    ],
    ["msg", '{"msg":"first","msg":"second"}', { messages: "first", attributes: '{"msg_2":"second"}' }],
    [
      "msg beside a message",
      '{"message":"m","msg":"first","msg":"second"}',
      { messages: "m", attributes: '{"msg":"first","msg_2":"second"}' },
    ],
    [
      "severity",
      '{"message":"m","severity":"ERROR","severity":"INFO"}',
      { severities: [4], attributes: '{"severity_2":"INFO"}' },
    ],
    [
      "severity, of which the first is unknown",
      '{"message":"m","severity":"loud","severity":"ERROR"}',
      { severities: [4], attributes: '{"severity_2":"loud"}' },
    ],
    [
      "severity, of which none is known",
      '{"message":"m","severity":"loud","severity":"louder"}',
      { severities: [2], attributes: '{"severity_2":"louder","severity_text":"loud"}' },
    ],
    ["level", '{"message":"m","level":50,"level":"info"}', { severities: [4], attributes: '{"level_2":"info"}' }],
    [
      "timestamp, of which the first is none",
      '{"message":"m","timestamp":"soon","timestamp":"1970-01-01T00:00:01Z"}',
      { times: [1000], attributes: '{"timestamp_2":"soon"}' },
    ],
    [
      "service, the token's both times",
      '{"message":"m","service":"web","service":"web"}',
      { services: ["web"], attributes: '{"service_2":"web"}' },
    ],
  ])("as %s: the first that can be read counts, and the other one is an attribute", (_what, record, found) => {
    expect(decode(record)).toMatchObject({ rows: 1, refused: [], ...found });
  });

  test("as service is refused where any is not the token's, and the first counts for a token that is bound to none", () => {
    for (const names of ['"payments","service":"web"', '"web","service":"payments"', 'null,"service":"payments"']) {
      expect(decode(`{"message":"m","service":${names}}`)).toMatchObject({ rows: 0, refused: ["service_mismatch"] });
    }
    const free = { services: ["a"], attributes: '{"service_2":"b"}', refused: [] };
    expect(decode('{"message":"m","service":"a","service":"b"}', undefined as never)).toMatchObject({
      refused: ["service_mismatch"],
    });
    const batch = createRecordBatchBuilder();
    decodeJsonLogs(new TextEncoder().encode('{"message":"m","service":"a","service":"b"}'), undefined, batch);
    const { services, attributes } = batch.seal();
    expect({ services, attributes: decoder.decode(attributes), refused: [] }).toEqual(free);
  });

  test("as attributes with what was there before has that once: earlier versions of logctl send wrote it so", () => {
    const record = '{"message":"m","attributes":{"a":1,"o":{"x":[]}},"attributes":{"a":1,"o":{"x":[]},"b":3}}';
    expect(decode(record).attributes).toBe('{"a":1,"o":{"x":[]},"b":3}');
  });

  test("as logs wraps two lists, and is a record where one of them is no list", () => {
    expect(decode('{"logs":[{"message":"a"}],"\\u006cogs":[{"message":"b"}]}')).toMatchObject({ messages: "ab", refused: [] });
    expect(decode('{"logs":[{"message":"a"}],"logs":1}')).toMatchObject({ rows: 0, refused: ["missing_message"] });
  });

  test("does not get around the limits of depth and size", () => {
    const nest = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    expect(decode(`{"message":"m","a":1,"a":${nest(31)}}`).refused).toEqual([]);
    expect(decode(`{"message":"m","a":1,"a":${nest(32)}}`).refused).toEqual(["nesting_too_deep"]);
    expect(decode(`{"message":"m","a":${nest(50_000)},"a":1}`).refused).toEqual(["nesting_too_deep"]);
    expect(decode(`{"message":${nest(50_000)},"message":"m"}`).refused).toEqual(["nesting_too_deep"]);
    expect(decode(`{"message":"m"${',"a":1'.repeat(100_000)}}`).refused).toEqual(["record_too_large"]);
    expect(decode(`{"message":"m","a":1,"a":"${"x".repeat(256 * 1024)}"}`).refused).toEqual(["record_too_large"]);
  });

  test("has the record stored that would be stored if the sender had given the others names of their own", () => {
    const name = fc.constantFrom("a", "b", "a_2", "é", "7");
    const value = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.integer(), fc.constantFrom<unknown>("x", 2 ** 70));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (members) => {
        const own = new Map<string, unknown>();
        const others: [string, unknown][] = [];
        for (const [key, of] of members) {
          if (own.has(key)) others.push([key, of]);
          else own.set(key, of);
        }
        for (const [key, of] of others) {
          let n = 2;
          while (own.has(`${key}_${n}`)) n += 1;
          own.set(`${key}_${n}`, of);
        }
        const write = (pairs: Iterable<[string, unknown]>) =>
          `{"message":"m"${[...pairs].map(([key, of]) => `,${JSON.stringify(key)}:${JSON.stringify(of)}`).join("")}}`;
        expect(decode(write(members))).toEqual(decode(write(own)));
      }),
      { numRuns: 1000 },
    );
  });
});
