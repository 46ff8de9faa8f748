import { LogctlError } from "../../../errors.ts";
import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import {
  addHash,
  createDistinctValues,
  type DistinctValues,
  hashValue,
  MAX_HASHES,
  mergeDistinct,
  packDistinct,
  thinOut,
} from "./distinct-values.ts";
import { addNumber, createNumberSummary, mergeSummary, type NumberSummary, packSummary, roundSummary } from "./number-summary.ts";

/** Records that have the same values, and what is known of them. */
export type Group = { count: number; numbers: NumberSummary | undefined; distinct: DistinctValues | undefined };

/** Groups by the JSON array of their values, within bounds of memory: throws `too_many_groups` beyond them. */
export type GroupTable = {
  groups: ReadonlyMap<string, Group>;
  /** Adds so many records to the group, which is made where it is new. */
  add(key: string, count: number): Group;
  addNumber(group: Group, value: number, times: number): void;
  /** Adds to the different values of the group. */
  addValue(group: Group, value: string): void;
  /** Writes all groups, for another table to absorb: as bytes, since as JSON they would take many times the room. */
  encode(writer: ByteWriter): void;
  absorb(reader: ByteReader): void;
};

/** The most groups among which the largest ones are looked for. */
export const MAX_GROUPS_FOR_TOP = 100_000;
/** UTF-16 units of all values that groups are made of. */
const MAX_KEY_CHARACTERS = 16 * 1024 * 1024;
/** Numbers that all groups together may hold, 12 MB and up to twice that in tables, and hashes likewise, half as much. */
const MAX_HELD = 500_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** `hint` is what else may help where there are too many. */
export function createGroupTable(maxGroups: number, hint = ""): GroupTable {
  const groups = new Map<string, Group>();
  let characters = 0;
  let heldNumbers = 0;
  let roundsAll = false;
  let heldHashes = 0;
  let mostHashes = MAX_HASHES;

  function add(key: string, count: number): Group {
    let group = groups.get(key);
    if (group === undefined) {
      characters += key.length;
      if (groups.size === maxGroups || characters > MAX_KEY_CHARACTERS) throw tooManyGroups();
      group = { count: 0, numbers: undefined, distinct: undefined };
      groups.set(key, group);
    }
    group.count += count;
    return group;
  }

  /** Counts what was added to a summary that held `before`; once all together hold too many, all are rounded from then on. */
  function boundNumbers(numbers: NumberSummary, before: number): void {
    if (roundsAll) roundSummary(numbers);
    heldNumbers += numbers.counts.size - before;
    if (heldNumbers <= MAX_HELD) return;
    if (roundsAll) throw tooManyGroups();
    roundsAll = true;
    heldNumbers = 0;
    for (const { numbers: others } of groups.values()) {
      if (others === undefined) continue;
      roundSummary(others);
      heldNumbers += others.counts.size;
    }
  }

  /** Counts what was added to a set of hashes that held `before`; while all hold too many, each may hold half as many. */
  function boundDistinct(distinct: DistinctValues, before: number): void {
    thinOut(distinct, mostHashes);
    heldHashes += distinct.hashes.size - before;
    while (heldHashes > MAX_HELD) {
      mostHashes /= 2;
      heldHashes = 0;
      for (const { distinct: others } of groups.values()) {
        if (others === undefined) continue;
        thinOut(others, mostHashes);
        heldHashes += others.hashes.size;
      }
    }
  }

  function tooManyGroups(): LogctlError {
    const message = `there are more than ${maxGroups} groups, or they are too large: ${hint}narrow the filter, or take fewer fields or a longer interval`;
    return new LogctlError("too_many_groups", message, { field: "by" });
  }

  return {
    groups,
    add,
    addNumber(group, value, times) {
      group.numbers ??= createNumberSummary();
      const before = group.numbers.counts.size;
      addNumber(group.numbers, value, times);
      boundNumbers(group.numbers, before);
    },
    addValue(group, value) {
      group.distinct ??= createDistinctValues();
      const before = group.distinct.hashes.size;
      addHash(group.distinct, hashValue(value));
      boundDistinct(group.distinct, before);
    },
    encode(writer) {
      writer.varint(groups.size);
      for (const [key, { count, numbers, distinct }] of groups) {
        const text = encoder.encode(key);
        writer.varint(text.length);
        writer.append(text);
        writer.varint(count);
        writeDoubles(writer, numbers && packSummary(numbers));
        writeDoubles(writer, distinct && packDistinct(distinct));
      }
    },
    absorb(reader) {
      for (let left = reader.varint(); left > 0; left -= 1) {
        const key = decoder.decode(reader.take(reader.varint()));
        const group = add(key, reader.varint());
        const numbers = readDoubles(reader);
        if (numbers.length > 0) {
          group.numbers ??= createNumberSummary();
          const before = group.numbers.counts.size;
          mergeSummary(group.numbers, numbers);
          boundNumbers(group.numbers, before);
        }
        const distinct = readDoubles(reader);
        if (distinct.length > 0) {
          group.distinct ??= createDistinctValues();
          const before = group.distinct.hashes.size;
          mergeDistinct(group.distinct, distinct);
          boundDistinct(group.distinct, before);
        }
      }
    },
  };
}

function writeDoubles(writer: ByteWriter, doubles: Float64Array = new Float64Array(0)): void {
  writer.varint(doubles.length);
  writer.append(new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength));
}

/** A copy, since what is read need not lie where a double may. */
function readDoubles(reader: ByteReader): Float64Array {
  const bytes = reader.take(reader.varint() * Float64Array.BYTES_PER_ELEMENT);
  return new Float64Array(bytes.slice().buffer);
}
