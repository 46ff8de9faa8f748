import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodePlainRecord } from "../../../../src/dialects/json/json-logs.ts";
import { createRecordScanner } from "../../../../src/dialects/json/scan-record.ts";
import { createRecordBatchBuilder, type RecordBatchBuilder } from "../../../../src/store/record-batch.ts";
import { decodeJsonLogs } from "../../../support/decode-json-logs.ts";
import { decodeReference } from "../../../support/reference-items.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What becomes of a body: the answer, and the columns with their texts as text. */
function decode(body: Uint8Array, service: string | undefined, decodeBody = decodeAsCollector) {
  const batch = createRecordBatchBuilder();
  batch.append(1, 2, 3, 4, "before", "before", "{}");
  const answer = decodeBody(body, service, batch);
  const { messages, attributes, timestampMs, ...columns } = batch.seal();
  return {
    answer,
    ...columns,
    timestampMs: [...timestampMs],
    messages: decoder.decode(messages),
    attributes: decoder.decode(attributes),
  };
}

function decodeAsCollector(body: Uint8Array, service: string | undefined, batch: RecordBatchBuilder) {
  const answer = decodeJsonLogs(body, service, batch);
  return answer && { accepted: answer.accepted, refusals: answer.errors.map(({ index, code }) => ({ index, code })) };
}

/** What the collector does with a body: most are one plain record. */
function decodeWhole(body: Uint8Array, service: string | undefined, batch: RecordBatchBuilder) {
  const plain = decodePlainRecord(body, service, batch);
  return plain === undefined ? decodeAsCollector(body, service, batch) : { accepted: plain.accepted, refusals: plain.errors };
}

const blank = fc.constantFrom("", "", "", " ", "\t", "  ");
const lineEnd = fc.constantFrom("\n", "\r\n", "\n\n", " \n", "\r");
const text = fc.oneof(
  fc.constantFrom("", " ", "hello", "é", "😀", "\u2028", "a\tb", 'q"q', "back\\slash", "\u0000", "\u007f", "\ud800", "línea\n"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const number = fc.oneof(
  fc.constantFrom("0", "-0", "00", "1.0", "1.50", "0.000001", "0.0000001", "1e3", "1E3", "-1.5", "-", "1.", ".5", "+1", "1e400"),
  fc.constantFrom(
    "123456789012345",
    "1234567890123456",
    "12345678901234567890",
    "0.1234567890123456",
    "12.345678901234567",
    "1e21",
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
/** A string as a sender may write it: escaped or not. */
const quoted = fc.tuple(text, fc.constantFrom(0, 0, 1, 2)).map(([value, how]) => {
  const json = JSON.stringify(value);
  if (how === 1) return json.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
  return how === 2 ? json.replace("l", "\\/").replace("é", "\\u00e9") : json;
});
const name = fc.oneof(
  fc.constantFrom("a", "b", "user", "user.id", "é", "7", "0x", "", "__proto__", "constructor", "message", "time", "level"),
  text,
);
const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(quoted, number, fc.constantFrom("true", "false", "null", "tru", "nulll", "undefined")),
    tie("object"),
    tie("array"),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, blank, tie("value"), blank), { maxLength: 4, selector: ([key]) => key })
    .map((members) => `{${members.map(([key, gap, of, end]) => `${JSON.stringify(key)}${gap}:${of}${end}`).join(",")}}`),
  array: fc
    .array(fc.tuple(blank, tie("value"), blank), { maxLength: 4 })
    .map((items) => `[${items.map((item) => item.join("")).join(",")}]`),
}));
const plainField = fc.tuple(
  fc.constantFrom("a", "b", "c", "user.id", "attributes"),
  fc.oneof(quoted, fc.nat().map(String), fc.constantFrom("true", "null", '{"a": 1, "b": {"a": "x"}}', '["x", 1.5]', "{}")),
);
const field = fc.oneof(
  { weight: 20, arbitrary: plainField },
  fc.tuple(fc.constantFrom("message", "message", "msg"), quoted),
  fc.tuple(
    fc.constantFrom("timestamp", "time", "@timestamp"),
    fc.oneof(
      fc.constantFrom('"2026-11-24T10:00:00Z"', '"2026-02-29T10:00:00.5Z"', '"2024-02-29T23:59:59.123456789Z"', '"2026-11-24"'),
      fc.constantFrom(
        '"2026-11-24T10:00:60Z"',
        '"2026-11-24T24:00:00Z"',
        '"0000-00-0aT10:00:00Z"',
        '"2026-11-24t10:00:00,1234+01:00"',
      ),
      fc.constantFrom("1763978400", "1763978400.5", "1763978400123", "1763978400123456789", "null"),
      fc.date({ noInvalidDate: true }).map((date) => JSON.stringify(date)),
    ),
  ),
  fc.tuple(
    fc.constantFrom("severity", "level", "levelname"),
    fc.constantFrom('"ERROR"', '" warn "', '"loud"', "30", "31", "3e1", "null"),
  ),
  fc.tuple(fc.constant("service"), fc.constantFrom('"web"', '"web"', '"db"', '"über"', '" "', '"a\\nb"', "null", "7")),
  fc.tuple(fc.constant("attributes"), value),
  fc.tuple(name, value),
);
const record = fc
  .tuple(fc.boolean(), fc.uniqueArray(fc.tuple(blank, field, blank), { maxLength: 6, selector: ([, [key]]) => key }))
  .map(([hasMessage, fields]) => {
    const hasOwn = fields.some(([, [key]]) => key === "message");
    const members = fields.map(([gap, [key, of], end]) => `${gap}${JSON.stringify(key)}${end}:${gap}${of}${end}`);
    return `{${(hasMessage && !hasOwn ? ['"message":"m"', ...members] : members).join(",")}}`;
  });
const item = fc.oneof(
  { weight: 12, arbitrary: record },
  { weight: 1, arbitrary: fc.oneof(value, fc.constantFrom("garbage", "{", '{"logs":[]}', "")) },
);
/** Where a body is cut short; most are whole. */
const cutting = fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat() });
const body = fc.oneof(
  fc.array(fc.tuple(item, lineEnd), { maxLength: 5 }).map((lines) => lines.flat().join("")),
  fc
    .array(fc.tuple(blank, item, fc.constantFrom("", "\n", " ")), { maxLength: 4 })
    .map((items) => `[${items.map((parts) => parts.join("")).join(",")}]`),
  fc.array(record, { maxLength: 2 }).map((records) => `{"logs":[${records.join()}]}`),
  item,
);

describe("the records of a body", () => {
  test("are those that reading it as a whole gives", () => {
    let scanned = 0;
    fc.assert(
      fc.property(body, fc.constantFrom("web", undefined), cutting, (json, service, cut) => {
        const bytes = encoder.encode(cut === null ? json : json.slice(0, cut % (json.length + 1)));
        const found = decode(bytes, service);
        expect(found).toEqual(decode(bytes, service, decodeReference));
        expect(decode(bytes, service, decodeWhole)).toEqual(found);
        scanned += found.rows - 1;
      }),
      { numRuns: 8000 },
    );
    // The property says nothing where there was nothing to compare.
    expect(scanned).toBeGreaterThan(1200);
  }, 60_000);

  test.each([
    ['{"message":"m","a":1}', true],
    ['{"log":"m","message":"l"}', true],
    ['{"logs":[{"message":"m"}]}', false],
    ['{"\\u006cogs":[{"message":"m"}]}', false],
    ['{"message":"m"}\n{"message":"n"}', false],
    ['{"message":"m"}x', false],
    ["", false],
  ])("are read at once where there is one, and it is plain: %p", (json, atOnce) => {
    const batch = createRecordBatchBuilder();
    expect(decodePlainRecord(encoder.encode(json), "web", batch) !== undefined).toBe(atOnce);
    expect(batch.rows()).toBe(atOnce ? 1 : 0);
  });

  test.each([
    '[{"message":"a"} {"message":"b"}]',
    '[{"message":"a"};{"message":"b"}]',
    '[{"message":"a"},]',
    '[,{"message":"a"}]',
    '[{"message":"a"}]]',
    '[{"message":"a"},{"message":"b","x":[}]',
    '{"message":"a"} {"message":"b"}',
    '{"message":"a"},\n{"message":"b"}',
    '{"message":"a"}\r{"message":"b"}',
    '{"message":"a"}\n{"logs":[{"message":"b"}]}',
  ])("are not guessed at where it is no JSON: %s", (json) => {
    const bytes = encoder.encode(json);
    expect(decode(bytes, "web")).toEqual(decode(bytes, "web", decodeReference));
  });

  test("are refused by their place among the items, lines and members alike", () => {
    const items = ['{"message":"a"}', '{"message":7}', '{"message":"b","n":12345678901234567890}', '{"msg":" "}'];
    for (const json of [items.join("\n"), `[${items.join(",\n")}]`]) {
      const { answer, messages, attributes } = decode(encoder.encode(json), "web");
      expect(answer).toMatchObject({ accepted: 2, refusals: [{ index: 1 }, { index: 3 }] });
      expect([messages, attributes]).toEqual(["beforeab", '{}{"n":"12345678901234567890"}']);
    }
  });

  test("are none in a blank body", () => {
    for (const json of ["", " \r\n\t"]) expect(decode(encoder.encode(json), "web").answer).toBeUndefined();
  });
});

describe("the scanner of records", () => {
  const scanner = createRecordScanner();
  const scan = (json: string) => scanner.scan(encoder.encode(json), 0, false, createRecordBatchBuilder(), "web");

  test.each([
    '{"timestamp":"2026-11-24T10:00:00.123Z","service":"web","severity":"WARNING","message":"m"}',
    '{"message": "a \\"quoted\\" é\\n", "attributes": {"user_id": 42, "ratio": 0.25, "ok": true, "path": "C:\\\\x"}}',
    '{"level":30,"time":1763978400123,"pid":7,"hostname":"h","msg":"m","req":{"id":1,"headers":{"id":2}},"tags":["a",[1.5,null]]}',
    '{"message":"m","attributes":{"a":1},"b":0.8444218515250481}',
    '{"message":"m","ts":1763978400.123456}',
  ])("takes what is sent most: %s", (json) => {
    expect(scan(json)).toBe(encoder.encode(json).length);
  });

  test.each([
    '{"service":"web"}',
    '{"message":"m","service":"db"}',
    '{"message":"m","message":"n"}',
    '{"message":"m","a":1,"a":2}',
    '{"message":"m","a":{"b":1,"b":2}}',
    '{"message":"m","2":0,"1":0}',
    '{"message":"m","a":1.0}',
    '{"message":"m","attributes":{} "a":1}',
    '{"message":"m","attributes":{},"attributes":{}}',
    '{"message":"m",}',
    '{"message":"m","a":[1,]}',
    '{"message":"m"',
    `{"message":"${"m".repeat(256 * 1024)}"}`,
  ])("leaves what is unusual to others: %p", (json) => {
    expect(scan(json)).toBe(-1);
  });

  test("goes on with names of which there are ever more", () => {
    const batch = createRecordBatchBuilder();
    for (let i = 0; i < 20_000; i += 1) {
      const json = encoder.encode(`{"message":"m","service":"service ${i}","field ${i}":${i}}`);
      expect(scanner.scan(json, 0, false, batch, undefined)).toBe(json.length);
    }
    const { rows, services, attributes } = batch.seal();
    expect([rows, services.length, services[19_999]]).toEqual([20_000, 20_000, "service 19999"]);
    expect(decoder.decode(attributes).endsWith('{"field 19999":19999}')).toBe(true);
  });
});
