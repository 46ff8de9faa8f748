import { freeBytes } from "../../../memory/free-bytes.ts";
import { lazy } from "../../../memory/lazy.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

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

const SMALLEST_LEVEL = 1;
/** As few as this are not even tried: most of them would be larger. */
const MIN_SMALLEST_BYTES = 256;

/** Bytes as they are or compressed: their number in the file with a bit that says which, then the bytes. */
export function writeSmallest(bytes: Uint8Array, out: ByteWriter, level = SMALLEST_LEVEL): void {
  const compressed =
    bytes.length < MIN_SMALLEST_BYTES ? bytes : Bun.zstdCompressSync(bytes as Uint8Array<ArrayBuffer>, { level });
  const smaller = compressed.length < bytes.length ? compressed : bytes;
  out.varint(smaller.length * 2 + (smaller === bytes ? 0 : 1));
  out.append(smaller);
  if (compressed !== bytes) freeBytes(compressed);
}

/** Reads bytes that `writeSmallest` wrote. */
export function readSmallest(reader: ByteReader): Uint8Array {
  return openSmallest(reader)();
}

/** The same, unpacked when it is first asked for. */
export function openSmallest(reader: ByteReader): () => Uint8Array {
  const head = reader.varint();
  const bytes = reader.take(Math.floor(head / 2));
  if (head % 2 === 0) return () => bytes;
  return lazy(() => Bun.zstdDecompressSync(bytes as Uint8Array<ArrayBuffer>));
}
