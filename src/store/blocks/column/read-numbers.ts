import { lazy } from "../../../memory/lazy.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import { openSmallest } from "../bytes/pack-bytes.ts";
import { BITS, CONSTANT, DOUBLES, PLANES, STEPS } from "./write-numbers.ts";

/** A column of numbers that can be read. */
export type Numbers = {
  count: number;
  /** One of them. While few are asked for no others are made, but where what is kept are steps. */
  at(index: number): number;
  /** Those from `from` up to `to`. */
  slice(from: number, to: number): Float64Array;
  /** All of them; made when they are first asked for. */
  all(): Float64Array;
};

export function readNumbers(reader: ByteReader, count: number): Float64Array {
  return openNumbers(reader, count).all();
}

/** Numbers that fit into 32 bits. */
export type Indexes = {
  /** Fills `indexes` with those from `from` on. */
  fill(indexes: Uint32Array, from: number): void;
  /** Those from `from` up to `to`, made for the call unless all were made before. */
  slice(from: number, to: number): Uint32Array;
  /** All of them; made when they are first asked for. */
  all(): Uint32Array;
};

let scratch = new Float64Array(1 << 12);

/** Opens what `writeNumbers` wrote of so many such numbers, and leaves the reader behind it. */
export function openIndexes(reader: ByteReader, count: number): Indexes {
  const unpacking = openUnpacking(reader, count);
  let made: Uint32Array | undefined;

  function fill(indexes: Uint32Array, from: number): void {
    if (unpacking.fillIndexes?.(indexes, from)) return;
    if (scratch.length < indexes.length) scratch = new Float64Array(indexes.length);
    unpacking.fill(scratch, from, from + indexes.length);
    for (let i = 0; i < indexes.length; i += 1) indexes[i] = scratch[i] as number;
  }

  function slice(from: number, to: number): Uint32Array {
    if (made !== undefined) return made.subarray(from, to);
    const indexes = new Uint32Array(to - from);
    fill(indexes, from);
    return indexes;
  }

  return {
    fill,
    slice,
    all() {
      made ??= slice(0, count);
      return made;
    },
  };
}

/** Once so many of a column's numbers were asked for one by one, a share of one in this, all are made. */
const FEW_SHARE = 8;

/** Opens what `writeNumbers` wrote of so many numbers, and leaves the reader behind it. */
export function openNumbers(reader: ByteReader, count: number): Numbers {
  const { at, fill } = openUnpacking(reader, count);
  let made: Float64Array | undefined;
  let asked = 0;
  function slice(from: number, to: number): Float64Array {
    if (made !== undefined) return made.subarray(from, to);
    const values = new Float64Array(to - from);
    fill(values, from, to);
    return values;
  }
  function all(): Float64Array {
    made ??= slice(0, count);
    return made;
  }
  return {
    count,
    slice,
    all,
    at(index) {
      if (made !== undefined) return made[index] as number;
      asked += 1;
      return asked * FEW_SHARE > count ? (all()[index] as number) : at(index);
    },
  };
}

/** Numbers as they are unpacked. */
type Unpacking = {
  at(index: number): number;
  /** Those from `from` up to `to` into the beginning of `values`. */
  fill(values: Float64Array, from: number, to: number): void;
  /** A short way for those from `from` on where they are small; false where there is none. */
  fillIndexes?(indexes: Uint32Array, from: number): boolean;
};

function openUnpacking(reader: ByteReader, count: number): Unpacking {
  const tag = reader.byte();
  if (tag === CONSTANT) {
    const value = reader.signed();
    return { at: () => value, fill: (values, from, to) => void values.fill(value, 0, to - from) };
  }
  if (tag === DOUBLES) {
    const bytes = reader.take(count * 8);
    return together(() => new Float64Array(bytes.slice().buffer));
  }
  const base = reader.signed();
  const encoding = tag & ~STEPS;
  if (encoding !== BITS && encoding !== PLANES) throw new Error(`unknown encoding ${tag} of numbers`);
  const distances = encoding === BITS ? openBits(reader, count) : openPlanes(reader, count);
  if ((tag & STEPS) === 0) {
    return {
      at: (index) => distances.at(index) + base,
      fill(values, from, to) {
        distances.fill(values, from, to);
        if (base !== 0) for (let i = 0; i < to - from; i += 1) values[i] = (values[i] as number) + base;
      },
      fillIndexes(indexes, from) {
        if (distances.fillIndexes?.(indexes, from) !== true) return false;
        if (base !== 0) for (let i = 0; i < indexes.length; i += 1) indexes[i] = (indexes[i] as number) + base;
        return true;
      },
    };
  }
  return together(() => {
    const values = new Float64Array(count);
    distances.fill(values, 0, count);
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      sum += (values[i] as number) + base;
      values[i] = sum;
    }
    return values;
  });
}

/** Numbers none of which can be had without those before it. */
function together(make: () => Float64Array): Unpacking {
  const all = lazy(make);
  return { at: (index) => all()[index] as number, fill: (values, from, to) => values.set(all().subarray(from, to)) };
}

function openBits(reader: ByteReader, count: number): Unpacking {
  const bits = reader.byte();
  const bytes = reader.take(Math.ceil((count * bits) / 8));
  const mask = 2 ** bits - 1;
  return {
    at(index) {
      const bit = index * bits;
      const first = Math.floor(bit / 8);
      // Of what lies behind the last byte nothing is left when the mask is through with it.
      const held =
        (bytes[first] as number) |
        ((bytes[first + 1] as number) << 8) |
        ((bytes[first + 2] as number) << 16) |
        ((bytes[first + 3] as number) << 24);
      return (held >>> (bit & 7)) & mask;
    },
    fill(values, from, to) {
      // What the first byte holds of the number before is dropped.
      const dropped = (from * bits) & 7;
      let at = Math.floor((from * bits) / 8);
      let held = 0;
      let heldBits = 0;
      if (dropped > 0) {
        held = (bytes[at] as number) >>> dropped;
        heldBits = 8 - dropped;
        at += 1;
      }
      for (let i = 0; i < to - from; i += 1) {
        while (heldBits < bits) {
          held |= (bytes[at] as number) << heldBits;
          at += 1;
          heldBits += 8;
        }
        values[i] = held & mask;
        held >>>= bits;
        heldBits -= bits;
      }
    },
  };
}

function openPlanes(reader: ByteReader, count: number): Unpacking {
  const packed = Array.from({ length: reader.byte() }, () => openSmallest(reader));
  const planes = lazy(() => packed.map((unpack) => unpack()));
  return {
    at(index) {
      const own = planes();
      let value = 0;
      for (let plane = own.length - 1; plane >= 0; plane -= 1)
        value = value * 256 + ((own[plane] as Uint8Array)[index] as number);
      return value;
    },
    fill(values, from, to) {
      for (const [plane, bytes] of planes().entries()) {
        if (bytes.length !== count) throw new Error("a plane of numbers has the wrong length");
        if (plane === 0) for (let i = from; i < to; i += 1) values[i - from] = bytes[i] as number;
        else addPlane(values, bytes, from, to, 2 ** (8 * plane));
      }
    },
    fillIndexes(indexes, from) {
      const [low, high, ...others] = planes();
      if (low?.length !== count || others.length > 0) return false;
      if (high === undefined) indexes.set(low.subarray(from, from + indexes.length));
      else if (high.length !== count) return false;
      else joinPlanes(low, high, indexes, from);
      return true;
    },
  };
}

function joinPlanes(low: Uint8Array, high: Uint8Array, indexes: Uint32Array, from: number): void {
  for (let i = 0, at = from; i < indexes.length; i += 1, at += 1) indexes[i] = (low[at] as number) | ((high[at] as number) << 8);
}

function addPlane(values: Float64Array, bytes: Uint8Array, from: number, to: number, factor: number): void {
  for (let i = from, at = 0; i < to; i += 1, at += 1) values[at] = (values[at] as number) + (bytes[i] as number) * factor;
}
