import type { BlockRows } from "./block.ts";
import type { BlockReader } from "./block-reader.ts";

/** Gathers the rows of several blocks, column by column, into the rows of one with room for `capacity`. */
export function createRowsBuilder(
  capacity: number,
  firstId: number,
): { addBlock(block: BlockReader): void; finish(): BlockRows } {
  const rows: BlockRows = {
    rows: 0,
    firstId,
    timestampMs: new Float64Array(capacity),
    nanos: new Uint32Array(capacity),
    digits: new Uint8Array(capacity),
    receivedMs: new Float64Array(capacity),
    severity: new Uint8Array(capacity),
    service: new Uint32Array(capacity),
    services: [],
    messageLengths: new Uint32Array(capacity),
    messages: "",
    attributeLengths: new Uint32Array(capacity),
    attributes: "",
  };
  const messages: string[] = [];
  const attributes: string[] = [];
  const serviceIndexes = new Map<string, number>();

  function indexOfService(name: string): number {
    const known = serviceIndexes.get(name);
    if (known !== undefined) return known;
    const index = rows.services.push(name) - 1;
    serviceIndexes.set(name, index);
    return index;
  }

  return {
    addBlock(block) {
      const at = rows.rows;
      rows.timestampMs.set(block.column("timestamp"), at);
      rows.nanos.set(block.column("nanos"), at);
      rows.digits.set(block.column("digits"), at);
      rows.receivedMs.set(block.column("received"), at);
      rows.severity.set(block.column("severity"), at);
      rows.messageLengths.set(block.column("messageLengths"), at);
      rows.attributeLengths.set(block.column("attributeLengths"), at);
      const indexes = block.meta.services.map(indexOfService);
      const service = block.column("service");
      for (let row = 0; row < block.meta.rows; row += 1) rows.service[at + row] = indexes[service[row] as number] as number;
      for (let page = 0; page < block.pages(); page += 1) {
        messages.push(block.messages(page).text);
        attributes.push(block.attributes(page).text);
      }
      rows.rows += block.meta.rows;
    },
    finish: () => ({ ...rows, messages: messages.join(""), attributes: attributes.join("") }),
  };
}
