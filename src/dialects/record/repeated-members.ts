import { FIELD_ALIASES } from "../../schema/record.ts";
import { readTimestamp, type Timestamp } from "../../schema/timestamp.ts";
import type { Member } from "./read-members.ts";
import { isBlank, isObject, serviceProblem, severityIndex } from "./record-decoder.ts";

type IsReadable = (value: unknown, ownService: string | undefined) => boolean;

const time: Timestamp = { ms: 0, nanos: 0, digits: 0 };
const isMessage: IsReadable = (value) => typeof value === "string" && !isBlank(value);
const isTime: IsReadable = (value) => readTimestamp(value, time);
const isSeverity: IsReadable = (value) => severityIndex(value) >= 0;
const isService: IsReadable = (value, ownService) => value !== null && serviceProblem(value, ownService) === null;

/** What a record's own field can be read from. */
const READABLE = new Map<string, IsReadable>([
  ["message", isMessage],
  ["timestamp", isTime],
  ["severity", isSeverity],
  ["service", isService],
  ["attributes", isObject],
  ...FIELD_ALIASES.message.map((name) => [name, isMessage] as const),
  ...FIELD_ALIASES.timestamp.map((name) => [name, isTime] as const),
  ...FIELD_ALIASES.severity.map((name) => [name, isSeverity] as const),
]);

/** Where null is as good as nothing. */
const FIELDS = new Set(["message", "timestamp", "severity", "service", "attributes"]);

/**
 * Which of a record's members counts, by its name and place: of each name the first that can be read as what the name stands for;
 * where none can, the first text, or else the first that is not null. `ownService` is the token's; undefined where it is bound to none.
 */
export function chooseMembers(members: readonly Member[], ownService: string | undefined): ReadonlyMap<string, number> {
  const chosen = new Map<string, number>();
  for (let place = 0; place < members.length; place += 1) {
    const [name, value] = members[place] as Member;
    const before = chosen.get(name);
    if (before === undefined) {
      chosen.set(name, place);
      continue;
    }
    const isReadable = READABLE.get(name);
    if (isReadable === undefined) continue;
    const rank = (of: unknown) => (isReadable(of, ownService) ? 3 : typeof of === "string" ? 2 : of === null ? 0 : 1);
    if (rank(value) > rank(members[before]?.[1])) chosen.set(name, place);
  }
  return chosen;
}

/** The members that were chosen, all where nothing was, as one object, and the others in the order sent. */
export function separateMembers(members: readonly Member[], chosen: ReadonlyMap<string, number> | undefined) {
  const sent: Record<string, unknown> = Object.create(null);
  const repeated: Member[] = [];
  for (let place = 0; place < members.length; place += 1) {
    const member = members[place] as Member;
    const [name, value] = member;
    if (chosen === undefined || chosen.get(name) === place) sent[name] = value;
    else if (value !== null || !FIELDS.has(name)) repeated.push(member);
  }
  return { sent, repeated };
}
