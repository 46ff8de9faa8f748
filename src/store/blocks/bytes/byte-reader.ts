/** Reads what a ByteWriter wrote. Throws where the bytes end too soon. */
export type ByteReader = {
  byte(): number;
  varint(): number;
  signed(): number;
  take(count: number): Uint8Array;
  /** All that was not read yet. */
  rest(): Uint8Array;
};

export function createByteReader(bytes: Uint8Array): ByteReader {
  let at = 0;

  function byte(): number {
    const value = bytes[at];
    if (value === undefined) throw new Error("the bytes of a column end too soon");
    at += 1;
    return value;
  }

  function varint(): number {
    // Most are small.
    const first = bytes[at] as number;
    if (first < 0x80) {
      at += 1;
      return first;
    }
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const next = byte();
      value += (next & 0x7f) * factor;
      if (next < 0x80) return value;
    }
  }

  return {
    byte,
    varint,
    signed() {
      const first = byte();
      const magnitude = ((first >> 1) & 0x3f) + (first >= 0x80 ? varint() * 0x40 : 0);
      return (first & 1) === 1 ? -magnitude : magnitude;
    },
    take(count) {
      if (at + count > bytes.length) throw new Error("the bytes of a column end too soon");
      at += count;
      return bytes.subarray(at - count, at);
    },
    rest: () => bytes.subarray(at),
  };
}
