import { freeBytes } from "../../../memory/free-bytes.ts";

/** Bytes as they lie in the database: a tag, then the bytes as they are or compressed, whichever is smaller. */
const RAW = 0;
const ZSTD = 1;

/** Below this, compressing costs more time than the bytes it saves are worth. */
const MIN_COMPRESSED_BYTES = 96;

/** On log text the next levels up save nothing and take twice the time; level 6 saves a tenth in five times as long. */
const LEVEL = 1;

export function packBytes(bytes: Uint8Array, level = LEVEL): Uint8Array {
  if (bytes.length >= MIN_COMPRESSED_BYTES) {
    const compressed = Bun.zstdCompressSync(bytes as Uint8Array<ArrayBuffer>, { level });
    if (compressed.length < bytes.length) {
      const packed = tagged(ZSTD, compressed);
      freeBytes(compressed);
      return packed;
    }
  }
  return tagged(RAW, bytes);
}

export function unpackBytes(packed: Uint8Array): Uint8Array {
  const bytes = packed.subarray(1);
  if (packed[0] === RAW) return bytes;
  if (packed[0] !== ZSTD) throw new Error(`unknown packing ${packed[0]}`);
  return Bun.zstdDecompressSync(bytes as Uint8Array<ArrayBuffer>);
}

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(bytes.length + 1);
  packed[0] = tag;
  packed.set(bytes, 1);
  return packed;
}
