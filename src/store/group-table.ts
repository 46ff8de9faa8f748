import { LogctlError } from "../errors.ts";
import { MAX_GROUPS } from "../schema/limits.ts";
import {
  addHash,
  createDistinctValues,
  type DistinctValues,
  hashValue,
  MAX_HASHES,
  mergeDistinct,
  thinOut,
} from "./distinct-values.ts";
import {
  addNumber,
  createNumberSummary,
  mergeSummaries,
  type NumberSummary,
  type PackedSummary,
  packSummary,
  roundSummary,
  unpackSummary,
} from "./number-summary.ts";

/** Records that have the same values, and what is known of them. */
export type Group = { count: number; numbers: NumberSummary; distinct: DistinctValues };

/** Groups by the JSON array of their values, within bounds of memory: throws `too_many_groups` beyond them. */
export type GroupTable = {
  groups: ReadonlyMap<string, Group>;
  /** Adds so many records to the group, which is made where it is new. */
  add(key: string, count: number): Group;
  addNumber(group: Group, value: number, times: number): void;
  /** Adds to the different values of the group. */
  addValue(group: Group, value: string): void;
  /** All groups as text, for another table to absorb. */
  encode(): string;
  absorb(encoded: string): void;
};

/** The most groups among which the largest ones are looked for. */
export const MAX_GROUPS_FOR_TOP = 100_000;
/** UTF-16 units of all values that groups are made of. */
const MAX_KEY_CHARACTERS = 16 * 1024 * 1024;
/** Numbers that all groups together may hold, and hashes likewise, each some tens of MB; at least fifty hashes for each of MAX_GROUPS. */
const MAX_HELD = 500_000;

type PackedGroup = [key: string, count: number, numbers: PackedSummary | null, zeroBits: number, hashes: number[]];

export function createGroupTable(maxGroups: number): GroupTable {
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
      if (groups.size === maxGroups || characters > MAX_KEY_CHARACTERS) throw tooManyGroups(maxGroups);
      group = { count: 0, numbers: createNumberSummary(), distinct: createDistinctValues() };
      groups.set(key, group);
    }
    group.count += count;
    return group;
  }

  /** Does what makes a summary grow; once all together have become too many, all are rounded from then on. */
  function growNumbers({ numbers }: Group, grow: () => void): void {
    const before = numbers.counts.size;
    grow();
    if (roundsAll) roundSummary(numbers);
    heldNumbers += numbers.counts.size - before;
    if (heldNumbers <= MAX_HELD) return;
    if (roundsAll) throw tooManyGroups(maxGroups);
    roundsAll = true;
    heldNumbers = 0;
    for (const group of groups.values()) {
      roundSummary(group.numbers);
      heldNumbers += group.numbers.counts.size;
    }
  }

  /** Does what makes a set of hashes grow; while all together are too many, each may hold half as many as before. */
  function growDistinct({ distinct }: Group, grow: () => void): void {
    const before = distinct.hashes.size;
    grow();
    thinOut(distinct, mostHashes);
    heldHashes += distinct.hashes.size - before;
    while (heldHashes > MAX_HELD) {
      mostHashes /= 2;
      heldHashes = 0;
      for (const group of groups.values()) {
        thinOut(group.distinct, mostHashes);
        heldHashes += group.distinct.hashes.size;
      }
    }
  }

  return {
    groups,
    add,
    addNumber: (group, value, times) => growNumbers(group, () => addNumber(group.numbers, value, times)),
    addValue: (group, value) => growDistinct(group, () => addHash(group.distinct, hashValue(value))),
    encode() {
      const packed: PackedGroup[] = Array.from(groups, ([key, { count, numbers, distinct }]) => [
        key,
        count,
        packSummary(numbers),
        distinct.zeroBits,
        [...distinct.hashes],
      ]);
      return JSON.stringify(packed);
    },
    absorb(encoded) {
      for (const [key, count, numbers, zeroBits, hashes] of JSON.parse(encoded) as PackedGroup[]) {
        const group = add(key, count);
        growNumbers(group, () => mergeSummaries(group.numbers, unpackSummary(numbers)));
        growDistinct(group, () => mergeDistinct(group.distinct, { hashes: new Set(hashes), zeroBits }));
      }
    },
  };
}

function tooManyGroups(maxGroups: number): LogctlError {
  const hint = maxGroups === MAX_GROUPS ? "ask for the largest by top, " : "";
  const message = `there are more than ${maxGroups} groups, or they are too large: ${hint}narrow the filter, or take fewer fields or a longer interval`;
  return new LogctlError("too_many_groups", message, { field: "by" });
}
