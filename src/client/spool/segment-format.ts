/**
 * A segment is a file of entries, one after another, that is only ever appended to. Numbers have 32 bits, little-endian.
 *
 * It begins with a head: the mark, the length of the file, which is 0 until it is closed, and a CRC-32 of both. An entry
 * is a frame and a payload. The frame: four bytes of which the first occurs in no UTF-8 text, so that a frame is found again
 * behind damage and no text passes for one; the length of the payload; the number of its records; a CRC-32 of the payload; and a
 * CRC-32 of the frame so far, so that a flipped length is told from an entry that was cut short.
 */
const MARK = new TextEncoder().encode("LCSPOOL2");
const FRAME_MARK = Uint8Array.of(0xff, 0x4c, 0x43, 0x45);
const FRAME_BYTES = 20;
export const HEAD_BYTES = MARK.length + 8;

/**
 * What an earlier logctl wrote: the mark alone, and frames of the length, the number of records, and a CRC-32 of the payload with
 * that number for a seed.
 */
const EARLIER_MARK = new TextEncoder().encode("LCSPOOL1");
const EARLIER_FRAME_BYTES = 12;
/** How each payload begins. */
const PAYLOAD_START = '{"key":"';

export type Frame = { length: number; count: number; checksum: number };

export type SegmentFormat = {
  frameBytes: number;
  /** Whether an entry that a crash cut short is told from one that is damaged. */
  tellsCuts: boolean;
  /** The frame at `at`; undefined where there is none. */
  readFrame(bytes: Uint8Array, at: number): Frame | undefined;
  isWhole(payload: Uint8Array, frame: Frame): boolean;
  /** Where from `from` on the next frame is that can be relied on; -1 where there is none. */
  findFrame(bytes: Uint8Array, from: number): number;
};

const current: SegmentFormat = {
  frameBytes: FRAME_BYTES,
  tellsCuts: true,
  readFrame(bytes, at) {
    if (at + FRAME_BYTES > bytes.length || !startsWith(bytes, FRAME_MARK, at)) return undefined;
    if (Bun.hash.crc32(bytes.subarray(at, at + 16)) !== numberAt(bytes, at + 16)) return undefined;
    return { length: numberAt(bytes, at + 4), count: numberAt(bytes, at + 8), checksum: numberAt(bytes, at + 12) };
  },
  isWhole: (payload, { checksum }) => Bun.hash.crc32(payload) === checksum,
  findFrame(bytes, from) {
    for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
      if (current.readFrame(bytes, at) !== undefined) return at;
    }
    return -1;
  },
};

const earlier: SegmentFormat = {
  frameBytes: EARLIER_FRAME_BYTES,
  tellsCuts: false,
  readFrame(bytes, at) {
    if (at + EARLIER_FRAME_BYTES > bytes.length || numberAt(bytes, at) === 0) return undefined;
    return { length: numberAt(bytes, at), count: numberAt(bytes, at + 4), checksum: numberAt(bytes, at + 8) };
  },
  isWhole: (payload, { count, checksum }) => Bun.hash.crc32(payload, count) === checksum,
  findFrame(bytes, from) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (
      let start = buffer.indexOf(PAYLOAD_START, from + EARLIER_FRAME_BYTES);
      start >= 0;
      start = buffer.indexOf(PAYLOAD_START, start + 1)
    ) {
      const frame = earlier.readFrame(bytes, start - EARLIER_FRAME_BYTES);
      // The last byte of a length is 0, which is in no text: what stands in a record is not even looked at.
      if (frame === undefined || start + frame.length > bytes.length) continue;
      if (earlier.isWhole(bytes.subarray(start, start + frame.length), frame)) return start - EARLIER_FRAME_BYTES;
    }
    return -1;
  },
};

/** What the beginning of a segment says of the rest. */
export type SegmentHead = {
  format: SegmentFormat;
  start: number;
  /** The file's once it was closed, 0 before; undefined where that is not known. */
  length: number | undefined;
};

const EARLIER_HEAD: SegmentHead = { format: earlier, start: EARLIER_MARK.length, length: undefined };

/** Reads the head of a segment from all its bytes, or the first ones: `newer` where a newer logctl wrote it, undefined for none. */
export function readHead(bytes: Uint8Array): SegmentHead | "newer" | undefined {
  if (startsWith(bytes, EARLIER_MARK)) return EARLIER_HEAD;
  if (bytes.length >= HEAD_BYTES) {
    const length = numberAt(bytes, MARK.length);
    // The checksum is of the mark as it should be: one that was flipped is known by the rest.
    if (numberAt(encodeHead(length), MARK.length + 4) === numberAt(bytes, MARK.length + 4))
      return { format: current, start: HEAD_BYTES, length };
  }
  const isNewer = /^LCSPOOL[^12\0]$/.test(new TextDecoder().decode(bytes.subarray(0, MARK.length)));
  return isNewer ? "newer" : undefined;
}

/** The head that a segment had whose own is damaged, by the entries in it; undefined where that is for a newer logctl to say. */
export function guessHead(bytes: Uint8Array): SegmentHead | undefined {
  if (earlier.findFrame(bytes, 0) === EARLIER_MARK.length) return EARLIER_HEAD;
  if (readHead(bytes) === "newer") return undefined;
  const format = current.findFrame(bytes, 0) < 0 && earlier.findFrame(bytes, 0) >= 0 ? earlier : current;
  return { format, start: 0, length: undefined };
}

export function encodeHead(length: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  bytes.set(MARK);
  putNumber(bytes, MARK.length, length);
  putNumber(bytes, MARK.length + 4, Bun.hash.crc32(bytes.subarray(0, MARK.length + 4)));
  return bytes;
}

/** An entry. */
export function encodeFrame(payload: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length);
  bytes.set(FRAME_MARK);
  putNumber(bytes, 4, payload.length);
  putNumber(bytes, 8, count);
  putNumber(bytes, 12, Bun.hash.crc32(payload));
  putNumber(bytes, 16, Bun.hash.crc32(bytes.subarray(0, 16)));
  bytes.set(payload, FRAME_BYTES);
  return bytes;
}

function startsWith(bytes: Uint8Array, start: Uint8Array, at = 0): boolean {
  return start.every((byte, index) => bytes[at + index] === byte);
}

function numberAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

function putNumber(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(at, value, true);
}
