import { freeBytes } from "../../../memory/free-bytes.ts";
import { createScratch } from "../../../memory/scratch.ts";
import { offsetsOf } from "../bytes/text-offsets.ts";
import type { BlockRows } from "./block.ts";
import type { BlockReader } from "./block-reader.ts";

const newBytes = (length: number) => new Uint8Array(length);
const newIndexes = (length: number) => new Uint32Array(length);
const newNumbers = (length: number) => new Float64Array(length);
const scratch = {
  timestampMs: createScratch(newNumbers),
  nanos: createScratch(newIndexes),
  digits: createScratch(newBytes),
  receivedMs: createScratch(newNumbers),
  severity: createScratch(newBytes),
  service: createScratch(newIndexes),
  messageLengths: createScratch(newIndexes),
  attributeLengths: createScratch(newIndexes),
  messages: createScratch(newBytes),
  attributes: createScratch(newBytes),
};

/** The rows of neighbouring blocks as those of one, column by column; they are good until the next are merged. */
export function mergeBlocks(blocks: BlockReader[]): BlockRows {
  const capacity = blocks.reduce((total, { meta }) => total + meta.rows, 0);
  const services: string[] = [];
  const rows = {
    rows: capacity,
    firstId: blocks[0]?.meta.firstId ?? 0,
    timestampMs: scratch.timestampMs(capacity),
    nanos: scratch.nanos(capacity),
    digits: scratch.digits(capacity),
    receivedMs: scratch.receivedMs(capacity),
    severity: scratch.severity(capacity),
    service: scratch.service(capacity),
    services,
    messageLengths: scratch.messageLengths(capacity),
    attributeLengths: scratch.attributeLengths(capacity),
  };
  const serviceIndexes = new Map<string, number>();

  function indexOfService(name: string): number {
    const known = serviceIndexes.get(name);
    if (known !== undefined) return known;
    const index = services.push(name) - 1;
    serviceIndexes.set(name, index);
    return index;
  }

  let at = 0;
  for (const block of blocks) {
    rows.timestampMs.set(block.column("timestamp"), at);
    rows.nanos.set(block.column("nanos"), at);
    rows.digits.set(block.column("digits"), at);
    rows.receivedMs.set(block.column("received"), at);
    rows.severity.set(block.column("severity"), at);
    rows.messageLengths.set(block.lengths("messages"), at);
    rows.attributeLengths.set(block.lengths("attributes"), at);
    const indexes = block.meta.services.map(indexOfService);
    const service = block.column("service");
    for (let row = 0; row < block.meta.rows; row += 1) rows.service[at + row] = indexes[service[row] as number] as number;
    at += block.meta.rows;
  }
  const messages = textsOf(blocks, "messages");
  const attributes = textsOf(blocks, "attributes");
  return {
    ...rows,
    messages,
    messageOffsets: offsetsOf(messages, rows.messageLengths),
    attributes,
    attributeOffsets: offsetsOf(attributes, rows.attributeLengths),
  };
}

const encoder = new TextEncoder();

/** All texts of the blocks one after another, as UTF-8. */
function textsOf(blocks: BlockReader[], texts: "messages" | "attributes"): Uint8Array {
  const pages: Uint8Array[] = [];
  let bytes = 0;
  for (const block of blocks) {
    for (let page = 0; page < block.pages(); page += 1) {
      const utf8 = block.utf8?.(texts, page) ?? encoder.encode(block[texts](page).text);
      pages.push(utf8);
      bytes += utf8.length;
    }
  }
  const joined = scratch[texts](bytes);
  let at = 0;
  for (const page of pages) {
    joined.set(page, at);
    at += page.length;
    freeBytes(page);
  }
  return joined;
}
