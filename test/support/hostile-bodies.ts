import { gzipSync } from "node:zlib";

export type HostileBody = {
  name: string;
  /** The body of a `POST /logs`, with its headers. */
  make(): { body: Uint8Array; headers?: Record<string, string> };
  /** Sent in chunks of so many bytes, by a sender of its own: `fetch` makes larger ones. */
  chunkBytes?: number;
};

const MB = 1024 * 1024;
/** What the bodies come to unpacked, where nothing else is said: the limit is 64 MB. */
const FULL_BYTES = 63 * MB;

const encoder = new TextEncoder();

/** The text again and again, up to so many bytes. */
function repeat(text: string, bytes: number): Uint8Array {
  const piece = encoder.encode(text.repeat(Math.max(1, Math.floor(65_536 / text.length))));
  const times = Math.max(1, Math.floor(bytes / piece.length));
  const whole = new Uint8Array(piece.length * times);
  for (let i = 0; i < times; i += 1) whole.set(piece, i * piece.length);
  return whole;
}

/** `head`, then `text` again and again, then `tail`: as gzip, so that sending it is quick. */
function packed(head: string, text: string, tail: string, bytes: number): { body: Uint8Array; headers: Record<string, string> } {
  const middle = repeat(text, bytes - head.length - tail.length);
  const body = gzipSync(Buffer.concat([encoder.encode(head), middle, encoder.encode(tail)]), { level: 1 });
  return { body, headers: { "content-encoding": "gzip" } };
}

const RECORD = '{"message":"request handled","severity":"INFO","path":"/api/items/17"}';

/** A record with 10,000 names in its attributes, and the same ones beside them: the second ones get others, such as `a_2_2`. */
function crowdedNames(): string {
  const members = Array.from({ length: 10_000 }, (_, i) => `"a${i === 0 ? "" : `_${i + 1}`}":1`);
  return `{"message":"m","attributes":{${members.join()}},${members.toReversed().join()}}\n`;
}

/**
 * Bodies made to cost the collector much more than they cost their sender. `fullBytes` is what each comes to once it is
 * unpacked, to let tests have smaller ones.
 */
export function hostileBodies(fullBytes: number): HostileBody[] {
  return [
    { name: "bad lines behind a good one", make: () => packed('{"message":"ok"}\n', "x\n", "", fullBytes) },
    { name: "[[[[ ...", make: () => packed("", "[", "", fullBytes) },
    {
      name: "numbers that JavaScript cannot hold",
      make: () => packed("", '{"message":"m","n":12345678901234567890}\n', "", fullBytes),
    },
    { name: '{"logs":[...]}', make: () => packed('{"logs":[', `${RECORD},`, `${RECORD}]}`, fullBytes) },
    { name: "one bad line at the end", make: () => packed("", `${RECORD}\n`, "x", fullBytes) },
    { name: "20,000 names a_2 a_3 ...", make: () => packed("", crowdedNames(), "", Math.min(fullBytes, 16 * MB)) },
    { name: "chunks of one byte", make: () => ({ body: repeat('{"message":"a"}\n', fullBytes) }), chunkBytes: 1 },
    { name: "a record with a text of 60 MB", make: () => packed('{"message":"', "a", '"}', fullBytes) },
    { name: "a name that occurs a million times", make: () => packed('{"message":"m"', ',"a":1', "}", fullBytes) },
    { name: "records with a name that occurs twice", make: () => packed("", '{"message":"m","a":1,"a":2}\n', "", fullBytes) },
  ];
}

export const HOSTILE_BODIES: readonly HostileBody[] = hostileBodies(FULL_BYTES);

/** Those that were thought of besides. */
export const MORE_HOSTILE_BODIES: readonly HostileBody[] = [
  { name: "plain records", make: () => packed("", `${RECORD}\n`, "", FULL_BYTES) },
  { name: "short records", make: () => packed("", '{"msg":"a"}\n', "", FULL_BYTES) },
  { name: "bad lines that end in CRLF", make: () => packed('{"message":"ok"}\r\n', "x\r\n", "", FULL_BYTES) },
  { name: "blank lines", make: () => packed('{"message":"ok"}\n', " \n", "", FULL_BYTES) },
  { name: "blanks behind a record", make: () => packed('{"message":"ok"}', " ", "x", FULL_BYTES) },
  { name: "{} again and again", make: () => packed("", "{}\n", "", FULL_BYTES) },
  { name: "an array of {}", make: () => packed("[", "{},", "{}]", FULL_BYTES) },
  { name: "an array of 1", make: () => packed("[", "1,", "1]", FULL_BYTES) },
  { name: "objects in objects in an array", make: () => packed('[{"message":"m"},', '{"a":', "1", FULL_BYTES) },
  { name: "halves of surrogate pairs", make: () => packed("", '{"message":"\\ud800","a":"\\ud83d"}\n', "", FULL_BYTES) },
  { name: "numbers like 1e400", make: () => packed("", '{"message":"m","a":1e400}\n', "", FULL_BYTES) },
  { name: "a number of 63 MB", make: () => packed('{"message":"m","a":', "1", "}", FULL_BYTES) },
  { name: "names with escapes", make: () => packed("", '{"message":"m","\\u0061":1,"a":2}\n', "", FULL_BYTES) },
  { name: "an array a line", make: () => packed('{"message":"m"}\n', '[{"message":"m"}]\n', "", FULL_BYTES) },
  { name: "one long word", make: () => packed("", "x", "", FULL_BYTES) },
  { name: "a record over very many lines", make: () => packed('{\n"message":"m"', " \n", "}", FULL_BYTES) },
  { name: "lines over which records are spread", make: () => packed("", '{\n"message":"m"\n}\n', "", FULL_BYTES) },
  { name: "bytes that are no UTF-8", make: () => ({ body: new Uint8Array(16 * MB).fill(0xff) }) },
  { name: "UTF-16", make: () => ({ body: Buffer.from(`\ufeff${'{"message":"é€"}\n'.repeat(MB)}`, "utf16le") }) },
  {
    name: "a zstd bomb",
    make: () => ({ body: Bun.zstdCompressSync(repeat("x\n", FULL_BYTES)), headers: { "content-encoding": "zstd" } }),
  },
  {
    name: "gzip of very many members",
    make: () => {
      const member = gzipSync('{"message":"a"}\n');
      const body = new Uint8Array(member.length * 200_000);
      for (let i = 0; i < 200_000; i += 1) body.set(member, i * member.length);
      return { body, headers: { "content-encoding": "gzip" } };
    },
  },
];
