import type { BlockReader } from "../block/block-reader.ts";
import type { ManyLeaf } from "../compile/query-node.ts";
import { occursAt, someFoldedValue } from "../compile/term.ts";
import { foldedPage } from "./folded-page.ts";

/** Sets `hits[row]` for each row of the page that is alive and has one of many alternatives, in one pass over its text. */
export function markAtOnce(leaf: ManyLeaf, block: BlockReader, page: number, hits: Uint8Array, alive: Uint8Array): void {
  const { parts, needles, jsonNeedles } = leaf;
  // The number of the last text for which each was tried whole: its literal may occur in it often.
  const triedFor = new Uint32Array(parts.length);
  let texts = 0;
  const isTried = (needle: number) => {
    if (triedFor[needle] === texts) return true;
    triedFor[needle] = texts;
    return false;
  };

  const messages = block.messages(page);
  const folded = foldedPage(messages);
  const offsets = messages.offsets();
  let start = 0;
  let end = 0;
  const inMessage = (needle: number, at: number) => {
    const part = parts[needle] as (typeof parts)[number];
    if (part.type === "message") return !isTried(needle) && part.accepts(messages.text.slice(start, end));
    if (part.term.glob !== undefined && isTried(needle)) return false;
    return occursAt(part.term, folded, at, start, end);
  };
  for (let row = 0; row < hits.length; row += 1) {
    if (alive[row] === 0) continue;
    texts += 1;
    start = offsets[row] as number;
    end = offsets[row + 1] as number;
    if (needles.some(folded, start, end, inMessage)) hits[row] = 1;
  }
  if (jsonNeedles === undefined) return;

  let value = "";
  const inValue = (needle: number, at: number) => {
    const part = parts[needle] as (typeof parts)[number];
    if (part.type === "message" || !part.inAttributes) return false;
    if (part.term.glob !== undefined && isTried(needle)) return false;
    return occursAt(part.term, value, at, 0, value.length);
  };
  const isWanted = (text: string) => {
    texts += 1;
    value = text;
    return needles.some(text, 0, text.length, inValue);
  };
  const anyone = () => true;
  const attributes = block.attributes(page);
  const json = foldedPage(attributes);
  const places = attributes.offsets();
  for (let row = 0; row < hits.length; row += 1) {
    if (alive[row] === 0 || hits[row] === 1) continue;
    const from = places[row] as number;
    const to = places[row + 1] as number;
    if (jsonNeedles.some(json, from, to, anyone) && someFoldedValue(json.slice(from, to), isWanted)) hits[row] = 1;
  }
}
