import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_NESTING, MAX_RECORD_BYTES } from "../../../../src/schema/limits.ts";
import { SEVERITIES } from "../../../../src/schema/severity.ts";
import { createRecordBatchBuilder } from "../../../../src/store/record-batch.ts";
import { decodeJsonLogs } from "../../../support/decode-json-logs.ts";
import { readJsonItems } from "../../../support/reference-items.ts";
import { recordErrorOf, recordSchema } from "../../../support/reference-record.ts";

type Stored = { timestamp: unknown; severity: string; service: string; message: string; attributes: string };
type Outcome = { refused: string } | { stored: Stored };

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** What becomes of a record's JSON text on the ingest path. */
function decode(json: string, service: string | undefined, body = new TextEncoder().encode(json)): Outcome {
  const batch = createRecordBatchBuilder();
  const answer = decodeJsonLogs(body, service, batch);
  if (answer === undefined) throw new Error("an empty body");
  const refused = answer.errors[0]?.code;
  if (refused !== undefined) {
    expect(batch.rows()).toBe(0);
    return { refused };
  }
  const { rows, timestampMs, nanos, digits, severity, services, messages, attributes } = batch.seal();
  expect(rows).toBe(1);
  const timestamp = Number.isNaN(timestampMs[0]) ? null : { ms: timestampMs[0], nanos: nanos[0], digits: digits[0] };
  const severityName = SEVERITIES[severity[0] ?? -1] as string;
  return {
    stored: {
      timestamp,
      severity: severityName,
      service: services[0] as string,
      message: utf8.decode(messages),
      attributes: utf8.decode(attributes),
    },
  };
}

/** What zod's definition makes of the same text: the item as parsed decides on refusal, its exact form on what is stored. */
function define(json: string, service: string | undefined): Outcome {
  const items = readJsonItems(new TextEncoder().encode(json));
  const [item] = items?.items ?? [];
  const problem = defineOne(item, service);
  return "refused" in problem ? problem : defineOne(items?.exact(0), service);
}

function defineOne(item: unknown, service: string | undefined): Outcome {
  const result = recordSchema.safeParse(item);
  const refused = result.success ? undefined : recordErrorOf(result.error);
  // Whose service it is, is the token's matter, and asked for before nesting and size.
  const isAboutService = refused === undefined || refused === "nesting_too_deep" || refused === "record_too_large";
  const named = (item as { service?: string } | null)?.service ?? null;
  if (isAboutService && named === null && service === undefined) return { refused: "missing_service" };
  if (isAboutService && named !== null && service !== undefined && named !== service) return { refused: "service_mismatch" };
  if (!result.success) return { refused: refused as string };
  return { stored: { ...result.data, service: result.data.service ?? (service as string) } };
}

const awkwardText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\t\n",
    "hello",
    "  padded ",
    "\u0000",
    "\u001b[31mred",
    "\ud800",
    "x\udc00y",
    "tail\ud83d",
    "😀",
    "e\u0301",
    "\ufeff",
    "İ",
  ),
  fc.string(),
  fc.string({ unit: "binary" }),
);
const awkwardNumber = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    10,
    20,
    25,
    30,
    60,
    70,
    1.5,
    -1,
    1e-7,
    1e21,
    2 ** 53,
    2 ** 53 - 1,
    1763978400,
    1763978400123,
    -62135596800,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
);
const time = fc.oneof(
  fc.constantFrom(
    "2026-11-24T10:00:00Z",
    "2026-11-24 10:00:00.123456789+01:30",
    "2026-02-30",
    "yesterday",
    "1763978400",
    "1763978400123456789",
    "24:00",
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  awkwardNumber,
);
const word = fc.oneof(
  fc.constantFrom("INFO", "warning", " Err ", "FATAL", "notice", "verbose", "loud", "", "  ", "constructor", "__proto__"),
  awkwardNumber,
);
const name = fc.oneof(
  fc.constantFrom("reports", "payments", "", " ", "a\nb", "ä", "x".repeat(100), "x".repeat(101)),
  awkwardText,
);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }).map((value) => value as unknown),
  awkwardText,
  awkwardNumber,
  fc.constantFrom(null, true, false, [], {}, [[]], { a: null }),
);
const key = fc.oneof(
  fc.constantFrom(
    "user",
    "logs",
    "id",
    "received_at",
    "severity_text",
    "severity_text_2",
    "invalid_utf8",
    "__proto__",
    "constructor",
    "1",
    "0",
    "",
    "message_2",
  ),
  awkwardText,
);
const sometimes = <Value>(values: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 6, arbitrary: values }, { weight: 1, arbitrary: anything });
const mostly = <Value>(values: fc.Arbitrary<Value>, present: number) =>
  fc.oneof(
    { weight: present, arbitrary: sometimes(values).map((value) => [value] as unknown[]) },
    { weight: 1, arbitrary: fc.constant([]) },
  );

const fields = fc.tuple(
  mostly(awkwardText, 9),
  mostly(time, 2),
  mostly(word, 2),
  mostly(fc.oneof(fc.constant("reports"), name), 1),
  mostly(fc.dictionary(key, anything, { maxKeys: 4 }), 1),
  fc.array(
    fc.tuple(
      fc.constantFrom("msg", "@timestamp", "time", "ts", "level", "log.level", "levelname"),
      fc.oneof(time, word, awkwardText),
    ),
    {
      maxLength: 3,
    },
  ),
  fc.array(fc.tuple(key, anything), { maxLength: 4 }),
);

/** The text of an object as a sender may write it: members in any order, names perhaps twice, numbers of any length. */
const recordText = fc
  .tuple(
    fields,
    fc.array(fc.constantFrom("12345678901234567890", "-9007199254740993", "1e400", "1763978400123456789"), { maxLength: 1 }),
    fc.boolean(),
  )
  .chain(([[message, timestamp, severity, service, attributes, aliases, rest], digits, nested]) => {
    const members: string[] = [];
    const add = (member: string, value: unknown) => members.push(`${JSON.stringify(member)}:${JSON.stringify(value)}`);
    for (const value of message) add("message", value);
    for (const value of timestamp) add("timestamp", value);
    for (const value of severity) add("severity", value);
    for (const value of service) add("service", value);
    for (const value of attributes) add("attributes", value);
    for (const [member, value] of [...aliases, ...rest])
      if (!members.some((known) => known.startsWith(`${JSON.stringify(member)}:`))) add(member, value);
    for (const number of digits) {
      if (nested) members.push(`"big":[{"n":${number}}]`);
      else if (!members.some((known) => known.startsWith('"ts":'))) members.push(`"ts":${number}`);
    }
    return fc.shuffledSubarray(members, { minLength: members.length });
  })
  .map((members) => `{${members.join(",")}}`);

describe("the fast path and zod's definition", () => {
  test("agree on every record, valid or not", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(recordText, fc.constantFrom("reports", "payments", undefined), (json, service) => {
        const outcome = decode(json, service);
        const kind = "refused" in outcome ? outcome.refused : "stored";
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        expect(outcome).toEqual(define(json, service));
      }),
      { numRuns: 5000 },
    );
    // The property says nothing about what it never met.
    for (const kind of [
      "stored",
      "missing_message",
      "invalid_message",
      "invalid_timestamp",
      "invalid_severity",
      "invalid_service",
      "service_mismatch",
    ]) {
      expect([kind, seen.get(kind) ?? 0]).not.toEqual([kind, 0]);
    }
  }, 60_000);

  test("agree on values that are no records", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const json = JSON.stringify(value);
        fc.pre(!Array.isArray(value));
        expect(decode(json, "reports")).toEqual(define(json, "reports"));
      }),
    );
  });

  const nest = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  test.each([
    ["as deep as allowed", `{"message":"m","a":${nest(MAX_NESTING - 1)}}`, null],
    ["one level too deep", `{"message":"m","a":${nest(MAX_NESTING)}}`, "nesting_too_deep"],
    ["fifty thousand levels deep", `{"message":"m","a":${nest(50_000)}}`, "nesting_too_deep"],
    ["too deep inside attributes", `{"message":"m","attributes":{"a":${nest(MAX_NESTING)}}}`, "nesting_too_deep"],
    ["a message as large as allowed", `{"message":"${"m".repeat(MAX_RECORD_BYTES)}"}`, null],
    ["a message one byte too large", `{"message":"${"m".repeat(MAX_RECORD_BYTES + 1)}"}`, "record_too_large"],
    ["a message too large in UTF-8 only", `{"message":"${"é".repeat(MAX_RECORD_BYTES / 2 + 1)}"}`, "record_too_large"],
    ["message and attributes too large together", `{"message":"${"m".repeat(MAX_RECORD_BYTES - 5)}","a":1}`, "record_too_large"],
  ])("agree on %s", (_what, json, refused) => {
    const outcome = decode(json, "reports");
    expect("refused" in outcome ? outcome.refused : null).toBe(refused);
    expect(outcome).toEqual(define(json, "reports"));
  });
});

describe("a decoded record", () => {
  test.each([
    [
      "nothing but a message",
      '{"message":"m"}',
      { timestamp: null, severity: "INFO", service: "reports", message: "m", attributes: "" },
    ],
    ["a synonym of a severity", '{"message":"m","severity":"warning"}', { severity: "WARN", attributes: "" }],
    [
      "a severity nobody knows",
      '{"message":"m","severity":"loud"}',
      { severity: "INFO", attributes: '{"severity_text":"loud"}' },
    ],
    [
      "a pino level",
      '{"msg":"m","level":50,"time":1763978400123}',
      { severity: "ERROR", timestamp: { ms: 1763978400123, nanos: 0, digits: 3 }, attributes: "" },
    ],
    ["fields of its own", '{"message":"m","user":{"id":42},"ok":true}', { attributes: '{"user":{"id":42},"ok":true}' }],
    ["attributes and fields of one name", '{"message":"m","attributes":{"a":1},"a":2}', { attributes: '{"a":1,"a_2":2}' }],
    ["attributes that are no object", '{"message":"m","attributes":[1]}', { attributes: '{"attributes":[1]}' }],
    ["numbers beyond 2^53", '{"message":"m","n":12345678901234567890}', { attributes: '{"n":"12345678901234567890"}' }],
    [
      "nanoseconds since the epoch",
      '{"message":"m","timestamp":1763978400123456789}',
      { timestamp: { ms: 1763978400123, nanos: 456789, digits: 9 } },
    ],
    ["a key called __proto__", '{"message":"m","__proto__":{"x":1}}', { attributes: '{"__proto__":{"x":1}}' }],
    ["half a surrogate pair", '{"message":"m\\ud83d","a":"\\ud83d"}', { message: "m\ufffd", attributes: '{"a":"\ufffd"}' }],
  ])("with %s", (_what, json, stored) => {
    expect(decode(json, "reports")).toMatchObject({ stored });
  });

  test("is marked where bytes had to be replaced, and only there", () => {
    const broken = Buffer.concat([Buffer.from('{"message":"m'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(decode("", "reports", broken)).toMatchObject({ stored: { message: "m\ufffd", attributes: '{"invalid_utf8":true}' } });
    expect(decode('{"message":"m\ufffd"}', "reports")).toMatchObject({ stored: { attributes: "" } });
  });

  test("takes any service from a token that is not bound to one", () => {
    expect(decode('{"message":"m","service":"x"}', undefined)).toMatchObject({ stored: { service: "x" } });
    expect(decode('{"message":"m"}', undefined)).toEqual({ refused: "missing_service" });
  });
});
