import { FIRST_SLOT, SLOT } from "../column/value-kind.ts";

/** The slots of a skeleton: for each its kind, and where its text starts and ends. */
export function slotsOf(skeleton: Uint8Array): { kind: number; digits: number; start: number; end: number }[] {
  const slots = [];
  for (let at = 0; at < skeleton.length; at += 1) {
    const kind = skeleton[at] as number;
    if (kind < FIRST_SLOT) continue;
    const digits = kind === SLOT.hex ? (skeleton[at + 1] as number) : kind === SLOT.uuid ? 32 : 0;
    const start = at;
    if (kind === SLOT.hex) at += 1;
    slots.push({ kind, digits, start, end: at + 1 });
  }
  return slots;
}

export const QUOTE = 0x22;

const BACKSLASH = 0x5c;

const OPEN_OBJECT = 0x7b;

const CLOSE_OBJECT = 0x7d;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** For each slot of a shape the names that lead to it, as JSON writes them. */
export function pathsOf(skeleton: Uint8Array): string[][] {
  const paths: string[][] = [];
  const outer: string[] = [];
  let key = "";
  for (let at = 0; at < skeleton.length; at += 1) {
    const byte = skeleton[at] as number;
    if (byte === QUOTE && (skeleton[at + 1] as number) < FIRST_SLOT) {
      const start = at + 1;
      for (at = start; at < skeleton.length && skeleton[at] !== QUOTE; at += 1) if (skeleton[at] === BACKSLASH) at += 1;
      key = decoder.decode(skeleton.subarray(start, at));
    } else if (byte === QUOTE || byte >= FIRST_SLOT) {
      // A string's slot stands between quotes.
      if (byte === QUOTE) at += 1;
      paths.push([...outer.slice(1), key]);
      if (skeleton[at] === SLOT.hex) at += 1;
      if (byte === QUOTE) at += 1;
    } else if (byte === OPEN_OBJECT) outer.push(key);
    else if (byte === CLOSE_OBJECT) outer.pop();
  }
  return paths;
}
