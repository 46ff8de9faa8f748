import type { Transform } from "node:stream";
import { createGunzip, createInflate, createInflateRaw, createZstdDecompress } from "node:zlib";
import { isWholeZstd } from "./zstd-frames.ts";

/** Unpacks a body, and gives each piece to `take` as it comes out; what `take` throws ends it. Throws where the body is not whole. */
export type Unpack = (packed: Uint8Array, take: (piece: Uint8Array) => void) => Promise<void>;

type Unpacker = Transform & { bytesWritten: number };

/** What is unpacked at a time, in a thread of its own. */
const OPTIONS = { chunkSize: 256 * 1024 };
/** The low four bits of a zlib stream's first byte (RFC 1950); "deflate" is also sent without that header. */
const ZLIB_METHOD = 8;
/** Streams of one body: each costs more than its bytes. */
const MAX_STREAMS = 10_000;

export const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: unpackGzip,
  "x-gzip": unpackGzip,
  deflate: unpackDeflate,
  zstd: unpackZstd,
};

/** All members, one after another (RFC 1952, 2.2). */
async function unpackGzip(packed: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
  await unpackWith(createGunzip(OPTIONS), packed, take);
}

/** All streams, one after another, as gzip has its members: the engine stops behind the first. */
async function unpackDeflate(packed: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
  const isBare = ((packed[0] ?? 0) & 15) !== ZLIB_METHOD;
  let at = 0;
  for (let streams = 0; at < packed.length; streams += 1) {
    if (streams === MAX_STREAMS) throw new Error(`it has more than ${MAX_STREAMS} streams`);
    const unpacker = isBare ? createInflateRaw(OPTIONS) : createInflate(OPTIONS);
    at += await unpackWith(unpacker, packed.subarray(at), take);
  }
}

async function unpackZstd(packed: Uint8Array, take: (piece: Uint8Array) => void): Promise<void> {
  if (!(await isWholeZstd(packed))) throw new Error("a frame is cut short");
  await unpackWith(createZstdDecompress(OPTIONS), packed, take);
}

/** Answers how many bytes it took in. */
function unpackWith(unpacker: Unpacker, packed: Uint8Array, take: (piece: Uint8Array) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    unpacker.on("error", reject);
    unpacker.on("end", () => resolve(unpacker.bytesWritten));
    unpacker.on("data", (piece: Uint8Array) => {
      try {
        take(piece);
      } catch (error) {
        unpacker.destroy();
        reject(error);
      }
    });
    unpacker.end(packed);
  });
}
