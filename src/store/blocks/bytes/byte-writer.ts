/** Bytes written one after another into memory that grows, and is used again after `clear`. */
export type ByteWriter = {
  length(): number;
  byte(value: number): void;
  /** A whole number from 0 up to 2^53, seven bits a byte, the lowest first; each byte but the last has its top bit set. */
  varint(value: number): void;
  /** A whole number down to -2^53 and up to 2^53: its sign in the lowest bit. */
  signed(value: number): void;
  append(bytes: Uint8Array): void;
  /** A copy of what was written from `start` on. */
  copyFrom(start: number): Uint8Array<ArrayBuffer>;
  clear(): void;
};

export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(1 << 12);
  let length = 0;

  function ensure(more: number): void {
    if (length + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes.length * 2, length + more));
    larger.set(bytes.subarray(0, length));
    bytes = larger;
  }

  function varint(value: number): void {
    ensure(8);
    let rest = value;
    while (rest >= 0x80) {
      bytes[length] = (rest % 0x80) | 0x80;
      length += 1;
      rest = Math.floor(rest / 0x80);
    }
    bytes[length] = rest;
    length += 1;
  }

  return {
    length: () => length,
    byte(value) {
      ensure(1);
      bytes[length] = value;
      length += 1;
    },
    varint,
    signed(value) {
      // The sign has a byte's bit of its own: twice the value might be beyond 2^53.
      const magnitude = Math.abs(value);
      const low = magnitude % 0x40;
      const high = Math.floor(magnitude / 0x40);
      ensure(1);
      bytes[length] = (value < 0 ? 1 : 0) | (low << 1) | (high > 0 ? 0x80 : 0);
      length += 1;
      if (high > 0) varint(high);
    },
    append(more) {
      ensure(more.length);
      bytes.set(more, length);
      length += more.length;
    },
    copyFrom: (start) => bytes.slice(start, length),
    clear() {
      length = 0;
    },
  };
}

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
