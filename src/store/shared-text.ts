/**
 * Text on its way to another thread, as UTF-8 in memory that both share and that is used again and again: a fresh buffer a
 * message costs more than all the rest of handing it over. What was handed over is good until the next text is.
 */
export type SharedText = { bytes: SharedArrayBuffer; lengths: number[] };

export type TextSender = { share(texts: string[]): SharedText };

const FIRST_BYTES = 4 * 1024 * 1024;
/** UTF-16 units take up to three bytes. */
const MAX_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

export function createTextSender(): TextSender {
  let bytes = new SharedArrayBuffer(FIRST_BYTES);
  return {
    share(texts) {
      const needed = MAX_BYTES_PER_UNIT * texts.reduce((sum, text) => sum + text.length, 0);
      if (needed > bytes.byteLength) bytes = new SharedArrayBuffer(needed);
      let at = 0;
      const lengths = texts.map((text) => {
        const { written } = encoder.encodeInto(text, new Uint8Array(bytes, at));
        at += written;
        return written;
      });
      return { bytes, lengths };
    },
  };
}

/** The texts as they were shared, half surrogate pairs as U+FFFD; good until the next are. */
export function readSharedText({ bytes, lengths }: SharedText): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => {
    const text = new Uint8Array(bytes, at, length);
    at += length;
    return text;
  });
}
