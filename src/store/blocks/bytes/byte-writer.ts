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
