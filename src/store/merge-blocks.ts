import type { BlockRows } from "./block.ts";
import type { BlockReader } from "./block-reader.ts";
import { createTextSource } from "./text-source.ts";

/** The rows of neighbouring blocks as those of one, column by column; their texts are read only as they are taken. */
export function mergeBlocks(blocks: BlockReader[]): BlockRows {
  const capacity = blocks.reduce((total, { meta }) => total + meta.rows, 0);
  const services: string[] = [];
  const rows: BlockRows = {
    rows: capacity,
    firstId: blocks[0]?.meta.firstId ?? 0,
    timestampMs: new Float64Array(capacity),
    nanos: new Uint32Array(capacity),
    digits: new Uint8Array(capacity),
    receivedMs: new Float64Array(capacity),
    severity: new Uint8Array(capacity),
    service: new Uint32Array(capacity),
    services,
    messageLengths: new Uint32Array(capacity),
    messages: createTextSource(pageTexts(blocks, "messages")),
    attributeLengths: new Uint32Array(capacity),
    attributes: createTextSource(pageTexts(blocks, "attributes")),
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
  return rows;
}

function* pageTexts(blocks: BlockReader[], texts: "messages" | "attributes"): Generator<string> {
  for (const block of blocks) for (let page = 0; page < block.pages(); page += 1) yield block[texts](page).text;
}
