import { LogctlError } from "../errors.ts";
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
export type Group = { count: number; numbers: NumberSummary | undefined; distinct: DistinctValues | undefined };

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
/** Numbers that all groups together may hold, and hashes likewise, each some tens of MB;  */
const MAX_HELD = 500_000;

/** The last one begins with the number of zero bits. */
type PackedGroup = [key: string, count: number, numbers: PackedSummary | null, distinct: number[] | null];

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

  /** Does what makes a summary grow; once all together have become too many, all are rounded from then on. */
  function growNumbers(group: Group, grow: (numbers: NumberSummary) => void): void {
    group.numbers ??= createNumberSummary();
    const { numbers } = group;
    const before = numbers.counts.size;
    grow(numbers);
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

  /** Does what makes a set of hashes grow; while all together are too many, each may hold half as many as before. */
  function growDistinct(group: Group, grow: (distinct: DistinctValues) => void): void {
    group.distinct ??= createDistinctValues();
    const { distinct } = group;
    const before = distinct.hashes.size;
    grow(distinct);
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
    addNumber: (group, value, times) => growNumbers(group, (numbers) => addNumber(numbers, value, times)),
    addValue: (group, value) => growDistinct(group, (distinct) => addHash(distinct, hashValue(value))),
    encode() {
      const packed: PackedGroup[] = Array.from(groups, ([key, { count, numbers, distinct }]) => [
        key,
        count,
        numbers ? packSummary(numbers) : null,
        distinct ? [distinct.zeroBits, ...distinct.hashes] : null,
      ]);
      return JSON.stringify(packed);
    },
    absorb(encoded) {
      for (const [key, count, numbers, distinct] of JSON.parse(encoded) as PackedGroup[]) {
        const group = add(key, count);
        if (numbers !== null) growNumbers(group, (into) => mergeSummaries(into, unpackSummary(numbers)));
        if (distinct !== null) {
          const [zeroBits = 0, ...hashes] = distinct;
          growDistinct(group, (into) => mergeDistinct(into, { hashes: new Set(hashes), zeroBits }));
        }
      }
    },
  };
}
