import { createFreeNames } from "./free-names.ts";
import { isInexact } from "./inexact-numbers.ts";

/** A name of an object with its value, as sent: a name may come again. */
export type Member = readonly [name: string, value: unknown];

type JsonObject = Record<string, unknown>;

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [9, 10, 13, 32];
const [QUOTE, COMMA, ARRAY_START, BACKSLASH, ARRAY_END, OBJECT_START, OBJECT_END] = [34, 44, 91, 92, 93, 123, 125];

// What is read, and how far: one after another, each at a stretch.
let json = "";
let at = 0;
let isExact = false;

/**
 * The members of a JSON object, of which `JSON.parse` would keep the last of each name. Objects within it keep every value
 * too: what has a name that was there before is put behind the others under a free one. Numbers that JavaScript cannot hold
 * exactly are the text they were sent in where this is to be `exact`. `text` is to be whole, and not nested too deep for
 * the stack.
 */
export function readMembers(text: string, exact: boolean): Member[] {
  json = text;
  at = 0;
  isExact = exact;
  const members: Member[] = [];
  nextUnit();
  for (let more = enter(OBJECT_END); more; more = goOn(OBJECT_END)) {
    const name = readText();
    goToValue();
    members.push([name, readValue()]);
  }
  json = "";
  return members;
}

/** Passes over white space, and gives what is behind it. */
function nextUnit(): number {
  for (;;) {
    const unit = json.charCodeAt(at);
    if (unit !== SPACE && unit !== LINE_FEED && unit !== CARRIAGE_RETURN && unit !== TAB) return unit;
    at += 1;
  }
}

/** Goes into a list that ends with `end`, to its first part if there is one. */
function enter(end: number): boolean {
  at += 1;
  if (nextUnit() !== end) return true;
  at += 1;
  return false;
}

/** Goes to the next part of the list, or behind its end. */
function goOn(end: number): boolean {
  const isLast = nextUnit() === end;
  at += 1;
  if (isLast) return false;
  nextUnit();
  return true;
}

function goToValue(): void {
  nextUnit();
  at += 1;
  nextUnit();
}

function readValue(): unknown {
  const first = json.charCodeAt(at);
  if (first === QUOTE) return readText();
  if (first === OBJECT_START) return readObject();
  return first === ARRAY_START ? readArray() : readScalar();
}

function readText(): string {
  const start = at;
  let isEscaped = false;
  for (at += 1; json.charCodeAt(at) !== QUOTE; at += 1) {
    if (json.charCodeAt(at) !== BACKSLASH) continue;
    isEscaped = true;
    at += 1;
  }
  at += 1;
  return isEscaped ? JSON.parse(json.slice(start, at)) : json.slice(start + 1, at - 1);
}

function readScalar(): unknown {
  const start = at;
  for (let unit = json.charCodeAt(at); unit !== COMMA && unit !== ARRAY_END && unit !== OBJECT_END && unit > SPACE; ) {
    at += 1;
    unit = json.charCodeAt(at);
  }
  const text = json.slice(start, at);
  if (text === "true" || text === "false") return text === "true";
  if (text === "null") return null;
  const value = Number(text);
  return isExact && isInexact(value) ? text : value;
}

function readArray(): unknown[] {
  const items: unknown[] = [];
  for (let more = enter(ARRAY_END); more; more = goOn(ARRAY_END)) items.push(readValue());
  return items;
}

function readObject(): JsonObject {
  // Without a prototype, so that `__proto__` is a name as any other.
  const object: JsonObject = Object.create(null);
  let repeated: Member[] | undefined;
  for (let more = enter(OBJECT_END); more; more = goOn(OBJECT_END)) {
    const name = readText();
    goToValue();
    const value = readValue();
    if (!(name in object)) object[name] = value;
    else {
      repeated ??= [];
      repeated.push([name, value]);
    }
  }
  if (repeated !== undefined) {
    const freeName = createFreeNames(Object.keys(object));
    for (const [name, value] of repeated) object[freeName(name)] = value;
  }
  return object;
}

/** How many members the objects in a parsed value have together: less than were sent where a name came twice. */
export function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") members += countMembers(item);
    return members;
  }
  for (const name in value) {
    members += 1;
    const inner = (value as JsonObject)[name];
    if (typeof inner === "object") members += countMembers(inner);
  }
  return members;
}
