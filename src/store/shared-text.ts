/**
 * Text on its way to another thread, as UTF-8 in memory that both share and that is used again and again: a fresh buffer a
 * message costs more than all the rest of handing it over. What was handed over is good until the next text is.
 */
export type SharedText = { bytes: SharedArrayBuffer; lengths: number[] };

export type TextSender = { share(texts: Uint8Array[]): SharedText };

const FIRST_BYTES = 4 * 1024 * 1024;
export function createTextSender(): TextSender {
  let bytes = new SharedArrayBuffer(FIRST_BYTES);
  return {
    share(texts) {
      const needed = texts.reduce((sum, text) => sum + text.length, 0);
      if (needed > bytes.byteLength) bytes = new SharedArrayBuffer(needed);
      let at = 0;
      const memory = new Uint8Array(bytes);
      for (const text of texts) {
        memory.set(text, at);
        at += text.length;
      }
      return { bytes, lengths: texts.map((text) => text.length) };
    },
  };
}

/** The texts as they were shared; good until the next are. */
export function readSharedText({ bytes, lengths }: SharedText): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => {
    const text = new Uint8Array(bytes, at, length);
    at += length;
    return text;
  });
}
