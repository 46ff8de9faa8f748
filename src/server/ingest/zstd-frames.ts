const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RUN_LENGTH_BLOCK = 1;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/** So many frames and blocks are looked at before others have their turn. */
const STEPS_AT_ONCE = 100_000;

/**
 * Whether `bytes` are whole zstd frames from the first byte to the last (RFC 8878, 3.1): the decompressor gives what it
 * has of a frame that is cut short, and does not say so.
 */
export async function isWholeZstd(bytes: Uint8Array): Promise<boolean> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let checksumBytes = 0;
  let isInFrame = false;
  for (let steps = 1; isInFrame || at + 8 <= bytes.length; steps += 1) {
    if (steps % STEPS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    if (isInFrame) {
      if (at + 3 > bytes.length) return false;
      const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
      at += 3 + (((header >> 1) & 3) === RUN_LENGTH_BLOCK ? 1 : header >> 3);
      isInFrame = (header & 1) === 0;
      if (!isInFrame) at += checksumBytes;
      continue;
    }
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) at += 8 + view.getUint32(at + 4, true);
    else if (magic === FRAME_MAGIC) {
      const descriptor = view.getUint8(at + 4);
      at += headerBytes(descriptor);
      checksumBytes = (descriptor & 4) === 0 ? 0 : 4;
      isInFrame = true;
    } else return false;
  }
  return at === bytes.length && at > 0;
}

/** How long the header of a frame is that has this descriptor. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const contentSizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] as number);
  return 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] as number) + contentSizeBytes;
}
