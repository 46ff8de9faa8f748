import { SEVERITIES } from "../../src/schema/severity.ts";
import { type BenchRecord, PHRASE } from "./records.ts";

/** What is searched for as a regular expression; as one line of JSON a record matches exactly when its message does. */
export const REGEX = "conn.*reset";
/** The service whose latest records are asked for. */
export const SERVICE = "payments";
/** The attribute that is asked for has the first value from here on that occurs. */
const FIRST_USER = 4242;

/** What is in the records, to hold every answer to. */
export type Expected = {
  records: number;
  phrase: number;
  regex: number;
  /** Records of each severity that occurs, and of each minute of the timestamps: ascending. */
  bySeverity: number[];
  byMinute: number[];
  ofService: number;
  errors: number;
  /** A `user_id`, and how many records have it. */
  userId: number;
  ofUser: number;
};

export type Tally = { add(record: BenchRecord): void; sum(): Expected };

/** Counts what the questions ask for, while the records are made. */
export function createTally(): Tally {
  const regex = new RegExp(REGEX);
  const bySeverity = new Map<string, number>(SEVERITIES.map((severity) => [severity, 0]));
  const byMinute = new Map<string, number>();
  const byUser = new Map<number, number>();
  let [records, phrase, matches, ofService] = [0, 0, 0, 0];
  return {
    add({ timestamp, service, severity, message, attributes }) {
      records += 1;
      if (message.includes(PHRASE)) phrase += 1;
      if (regex.test(message)) matches += 1;
      if (service === SERVICE) ofService += 1;
      countUp(bySeverity, severity);
      countUp(byMinute, timestamp.slice(0, 16));
      const user = attributes?.["user_id"];
      if (typeof user === "number") countUp(byUser, user);
    },
    sum() {
      const users = [...byUser.keys()].sort((a, b) => a - b);
      const userId = users.find((id) => id >= FIRST_USER) ?? users[0] ?? FIRST_USER;
      return {
        records,
        phrase,
        regex: matches,
        bySeverity: ascending(bySeverity),
        byMinute: ascending(byMinute),
        ofService,
        errors: bySeverity.get("ERROR") ?? 0,
        userId,
        ofUser: byUser.get(userId) ?? 0,
      };
    },
  };
}

function countUp<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function ascending(counts: Map<string, number>): number[] {
  return sortCounts([...counts.values()]);
}

/** The counts of groups in an order that does not depend on how a system names its groups; groups of none left out. */
export function sortCounts(counts: readonly number[]): number[] {
  return counts.filter((count) => count > 0).sort((a, b) => a - b);
}
