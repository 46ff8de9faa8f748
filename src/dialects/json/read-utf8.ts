/** What is decoded at a stretch. */
const STEP_BYTES = 256 * 1024;

/** Whether a byte order mark may be there. */
export function hasMark(body: Uint8Array): boolean {
  return (body[0] as number) >= 0xef;
}

/**
 * Undoes a byte order mark: UTF-16 becomes UTF-8, the mark of UTF-8 goes. It stops after each bounded piece of work, to be gone
 * on with.
 */
export function* readUtf8(body: Uint8Array): Generator<undefined, Uint8Array> {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return body.subarray(3);
  if (body[0] === 0xff && body[1] === 0xfe) return yield* fromUtf16(body, "utf-16le");
  if (body[0] === 0xfe && body[1] === 0xff) return yield* fromUtf16(body, "utf-16be");
  return body;
}

function* fromUtf16(body: Uint8Array, encoding: "utf-16le" | "utf-16be"): Generator<undefined, Uint8Array> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  // Two bytes become three at most; what is not written takes no memory.
  const utf8 = new Uint8Array(Math.ceil(body.length * 1.5) + 8);
  let length = 0;
  for (let at = 0; at < body.length; at += STEP_BYTES) {
    const text = decoder.decode(body.subarray(at, at + STEP_BYTES), { stream: at + STEP_BYTES < body.length });
    length += encoder.encodeInto(text, utf8.subarray(length)).written;
    yield;
  }
  return utf8.subarray(0, length);
}
