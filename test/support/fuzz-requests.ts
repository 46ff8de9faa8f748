import { readFileSync } from "node:fs";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { CONTENT_TYPES } from "../../src/server/http/answer.ts";
import { METHODS_OF } from "../../src/server/routes.ts";

/** A request to try, and the records in it that must come back as they are if it is accepted. */
export type FuzzRequest = {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array;
  records?: Record<string, unknown>[];
};

const CORPUS = `${import.meta.dir}/../fixtures/attack-corpus`;
const FILES = ["csv-formula", "log-injection", "terminal", "unicode"];
const LINES = FILES.flatMap((name) => readFileSync(`${CORPUS}/${name}.ndjson`, "utf8").trimEnd().split("\n"));

const deep = (levels: number) => `{"message":"deep","a":${"[".repeat(levels)}${"]".repeat(levels)}}`;

/** Bodies that parsers trip over. */
const BODIES: (string | Uint8Array)[] = [
  ...LINES,
  ...["", " ", "\n\n", "[]", "{}", "null", "1", '"text"', "[null]", '{"logs":[]}', '{"logs":1}', '{"logs":[{"message":"m"}]}'],
  ...['{"message":"m"', '[{"message":"m"},', '{"message":"a"}{"message":"b"}', '{"message":"a"},{"message":"b"}'],
  ...['{"message":"\\ud800"}', '{"message":"\\udc00x"}', '{"message":"a\\u0000b"}', '{"message":"m","message":"n"}'],
  ...['{"message":"m","__proto__":{"a":1}}', '{"message":"m","constructor":{"prototype":1}}', '{"message":"m","":{"":""}}'],
  ...['{"message":"m","n":1e999}', '{"message":"m","n":123456789012345678901234567890}', '{"message":"m","n":-0.0}'],
  ...['{"message":1}', '{"message":{}}', '{"message":"m","severity":[]}', '{"message":"m","timestamp":"never"}'],
  ...['{"message":"m","timestamp":1e300}', '{"message":"m","service":"payments"}', '{"message":"m","service":5}'],
  ...[deep(10), deep(31), deep(33), deep(5000), `{"message":"${"x".repeat(300_000)}"}`, `\ufeff{"message":"bom"}`],
  Uint8Array.of(0xff, 0xfe, 0x7b, 0x00),
  Buffer.from([...Buffer.from('{"message":"'), 0xc0, 0xaf, 0xed, 0xa0, 0x80, ...Buffer.from('"}')]),
];

const ENCODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => (bytes.length % 2 === 0 ? deflateSync(bytes) : deflateRawSync(bytes)),
  zstd: (bytes) => zstdCompressSync(bytes),
};
/** Unpacks to 100 MB, which is more than may be. */
const BOMB = gzipSync(Buffer.alloc(100_000_000, " "));

const anyText = fc.string({ unit: "binary", maxLength: 60 });
/** Names of any characters, but not a new one in each record: readers look through all names there are. */
const NAMES_OF_FIELDS = fc.sample(anyText, { seed: 1, numRuns: 60 });
const name = fc.constantFrom(...NAMES_OF_FIELDS);
const innerName = fc.constantFrom(...NAMES_OF_FIELDS.slice(0, 8));
const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 2 }, anyText, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  map: fc.dictionary(
    innerName.map((key) => `k${key}`),
    tie("value"),
    { maxKeys: 4, noNullPrototype: true },
  ),
})).value;

/** Records whose meaning is beyond doubt; the message says which one each is. */
function knownRecords(nextName: () => string): fc.Arbitrary<FuzzRequest> {
  const attributes = fc.dictionary(
    name.map((key) => `a_${key}`),
    value,
    { maxKeys: 6, noNullPrototype: true },
  );
  const record = fc.tuple(anyText, attributes).map(([text, rest]) => ({ message: `${nextName()} ${text}`, ...rest }));
  const shape = fc.constantFrom("lines", "array", "logs");
  const encoding = fc.constantFrom(...Object.keys(ENCODERS));
  return fc.tuple(fc.array(record, { minLength: 1, maxLength: 5 }), shape, encoding).map(([records, as, coding]) => {
    const texts = records.map((item) => JSON.stringify(item));
    const list = `[${texts.join(",")}]`;
    const body = as === "lines" ? texts.join("\n") : as === "array" ? list : `{"logs":${list}}`;
    const encode = ENCODERS[coding] as (bytes: Uint8Array) => Uint8Array;
    return { method: "POST", path: "/logs", headers: { "content-encoding": coding }, body: encode(Buffer.from(body)), records };
  });
}

/** What is done to a body's bytes: some are changed, taken out, put in, or the rest is cut off. */
const mutation = fc.tuple(fc.constantFrom("flip", "delete", "insert", "cut", "double"), fc.nat(), fc.nat({ max: 255 }));

function mutate(bytes: Uint8Array, [kind, place, byte]: [string, number, number]): Uint8Array {
  const at = bytes.length === 0 ? 0 : place % bytes.length;
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === "cut") return before;
  if (kind === "insert") return Buffer.concat([before, Buffer.of(byte), after]);
  if (kind === "double") return Buffer.concat([before, after, after]);
  if (kind === "delete") return Buffer.concat([before, after.subarray(1 + (byte % 8))]);
  return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
}

const mutatedBody: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    fc.constantFrom(...BODIES, ...BODIES.map((body) => `${body}\n${LINES[0]}`)),
    fc.array(mutation, { maxLength: 4 }),
    fc.constantFrom(...Object.keys(ENCODERS)),
    fc.constantFrom("before", "behind"),
    fc.constantFrom("POST", "PUT"),
  )
  .map(([source, mutations, coding, when, method]) => {
    const encode = ENCODERS[coding] as (bytes: Uint8Array) => Uint8Array;
    const plain = typeof source === "string" ? Buffer.from(source) : source;
    const body = when === "before" ? encode(mutations.reduce(mutate, plain)) : mutations.reduce(mutate, encode(plain));
    return { method, path: "/logs", headers: { "content-encoding": coding }, body };
  });

const oddHeader = fc.constantFrom<Record<string, string>>(
  { "content-encoding": "br" },
  { "content-encoding": "gzip, gzip" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "idempotency-key": "" },
  { "idempotency-key": "x".repeat(300) },
  { "idempotency-key": "always the same" },
  { authorization: "Token" },
  { authorization: `Token ${"x".repeat(5000)}` },
  { authorization: "Basic ????" },
  { authorization: "Bearer svc-payments-456" },
  { origin: "https://evil.example" },
  { host: "evil.example" },
  { accept: "*/*;q=x" },
  { "last-event-id": "-1" },
  { "transfer-encoding": "chunked" },
);
const oddBody: fc.Arbitrary<FuzzRequest> = fc
  .tuple(oddHeader, fc.constantFrom(...BODIES), fc.constantFrom("POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
  .map(([headers, body, method]) => ({ method, path: "/logs", headers, body: Buffer.from(body as string) }));

const bomb: fc.Arbitrary<FuzzRequest> = fc.constant({
  method: "POST",
  path: "/logs",
  headers: { "content-encoding": "gzip" },
  body: BOMB,
});

const PARAMETERS = "timestamp_start timestamp_end received_at_start received_at_end service severity min_severity q limit offset";
const NAMES = [
  ...PARAMETERS.split(" "),
  ..."order sort cursor by interval time top of distinct after last token bogus".split(" "),
];
const VALUES = [
  ...["", "0", "1", "-1", "1000", "1001", "all", "9007199254740993", "1e9", "NaN", "desc", "asc", "timestamp", "received_at"],
  ...["2026-11-24T10:00:00Z", "yesterday", "reports", "ERROR", "loud", "1m", "5s", "99999d", "r1", "t1.2.3", "r-1", "service"],
  ...[
    "fuzz",
    "a:b",
    "(a OR b",
    '"',
    "/(a+)+$/",
    "/[/",
    "a~.*",
    "k:*",
    "-x",
    "NOT",
    "x:[1 TO",
    "*a*",
    "id>=5",
    "\\",
    "%",
    "a.b.c",
  ],
];
const parameters = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.oneof(fc.constantFrom(...VALUES), anyText)), { maxLength: 3 })
  .map((pairs) => new URLSearchParams(pairs).toString());
const segment = fc.oneof(anyText.map(encodeURIComponent), fc.constantFrom("message", "attributes.k", "%", "%ff", "%2f", ".."));
/** Looks through every attribute of every record: a run of very many requests would do little else. */
const SLOW = "/logs/fields";
const QUICK = [...METHODS_OF.keys()].filter((endpoint) => !endpoint.includes("<") && endpoint !== SLOW);
const path = fc.oneof(
  { weight: 50, arbitrary: fc.constantFrom(...QUICK) },
  { weight: 1, arbitrary: fc.constant(SLOW) },
  { weight: 6, arbitrary: segment.map((field) => `/logs/fields/${field}`) },
  { weight: 6, arbitrary: segment.map((part) => `/${part}`) },
);
const reading: fc.Arbitrary<FuzzRequest> = fc
  .tuple(
    path,
    parameters,
    fc.constantFrom("GET", "GET", "GET", "HEAD"),
    fc.oneof(
      fc.constantFrom(...Object.values(CONTENT_TYPES)).map((accept) => ({ accept })),
      oddHeader,
    ),
  )
  .map(([target, query, method, headers]) => ({
    method,
    path: query === "" ? target : `${target}?${query}`,
    headers: headers as Record<string, string>,
  }));

/** Requests over every endpoint; `nextName` gives each known record its own. */
export function fuzzRequests(nextName: () => string): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(
    { weight: 300, arbitrary: knownRecords(nextName) },
    { weight: 400, arbitrary: mutatedBody },
    { weight: 100, arbitrary: oddBody },
    { weight: 1, arbitrary: bomb },
    { weight: 100, arbitrary: reading },
  );
}
