import type { IngestAnswer } from "../schema/api.ts";
import type { SimulatedRecord } from "./generator.ts";

/** What became of a simulation's records, each of which has a number: every one is in one of these. */
export type Account = {
  /** Acknowledged, and stored once. */
  stored: number;
  /** Acknowledged, and not there. */
  lost: number;
  /** There more than once. */
  doubled: number;
  /** Refused, or never answered for, and there once. */
  unacknowledged: number;
  /** Refused, or never answered for, and not there. */
  absent: number;
  /** The numbers of the first that are lost or doubled. */
  examples: { lost: number[]; doubled: number[] };
};

/** Numbers the records of one simulation, keeps what was acknowledged, and holds against it what is found. A byte a record. */
export type Journal = {
  /** What all records of this simulation, and no others, have in their attributes. */
  readonly simulation: string;
  /** The record with its simulation and its number in its attributes. */
  number(record: SimulatedRecord): SimulatedRecord;
  /** Takes down the answer to records that were numbered from `first` on. */
  acknowledge(first: number, count: number, answer: IngestAnswer): void;
  /** Forgets what was found, to begin anew. */
  startOver(): void;
  /** Takes down that the record of this number was found; false where none has it. */
  found(number: number): boolean;
  account(): Account;
};

const ACKNOWLEDGED = 1;
/** Once, and more often. */
const FOUND = 2;
const DOUBLED = 4;
const MAX_EXAMPLES = 5;

export function createJournal(simulation: string): Journal {
  // By number, from 1 on.
  let marks = new Uint8Array(1024);
  let last = 0;

  function mark(number: number, bit: number): void {
    marks[number] = (marks[number] as number) | bit;
  }

  return {
    simulation,
    number(record) {
      last += 1;
      if (last === marks.length) {
        const longer = new Uint8Array(marks.length * 2);
        longer.set(marks);
        marks = longer;
      }
      return { ...record, attributes: { ...record.attributes, simulation, number: last } };
    },
    acknowledge(first, count, { rejected, errors }) {
      // Where not all that were refused are named, nothing is known of any.
      if (errors.length < rejected) return;
      const refused = new Set(errors.map(({ index }) => index));
      for (let index = 0; index < count; index += 1) if (!refused.has(index)) mark(first + index, ACKNOWLEDGED);
    },
    startOver() {
      for (let number = 1; number <= last; number += 1) marks[number] = (marks[number] as number) & ACKNOWLEDGED;
    },
    found(number) {
      if (!Number.isInteger(number) || number < 1 || number > last) return false;
      mark(number, ((marks[number] as number) & FOUND) === 0 ? FOUND : DOUBLED);
      return true;
    },
    account() {
      const account: Account = {
        stored: 0,
        lost: 0,
        doubled: 0,
        unacknowledged: 0,
        absent: 0,
        examples: { lost: [], doubled: [] },
      };
      for (let number = 1; number <= last; number += 1) {
        const kind = kindOf(marks[number] as number);
        account[kind] += 1;
        if (kind !== "lost" && kind !== "doubled") continue;
        if (account.examples[kind].length < MAX_EXAMPLES) account.examples[kind].push(number);
      }
      return account;
    },
  };
}

function kindOf(marks: number): Exclude<keyof Account, "examples"> {
  if ((marks & DOUBLED) !== 0) return "doubled";
  const isFound = (marks & FOUND) !== 0;
  if ((marks & ACKNOWLEDGED) !== 0) return isFound ? "stored" : "lost";
  return isFound ? "unacknowledged" : "absent";
}
