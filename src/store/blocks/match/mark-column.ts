import type { Timestamp } from "../../../schema/timestamp.ts";
import type { BlockReader } from "../block/block-reader.ts";
import type { ColumnLeaf } from "../compile/query-node.ts";

/** Sets `hits[row]` for each row of the page whose severity, service, time or id is wanted. */
export function markColumn(leaf: ColumnLeaf, block: BlockReader, page: number, hits: Uint8Array): void {
  switch (leaf.type) {
    case "severity":
      return markSeverities(leaf.mask, block, page, hits);
    case "service":
      return markServices(leaf.accepts, block, page, hits);
    case "time":
      return markTimes(leaf, block, page, hits);
    case "id": {
      const firstId = block.meta.firstId + block.pageRange(page).from;
      const from = Math.max(0, leaf.first - firstId);
      if (from < hits.length && leaf.last >= firstId) hits.fill(1, from, leaf.last - firstId + 1);
      return;
    }
  }
}

function markSeverities(mask: number, block: BlockReader, page: number, hits: Uint8Array): void {
  const severity = block.columnOfPage("severity", page);
  for (let row = 0; row < hits.length; row += 1) hits[row] = (mask >> (severity[row] as number)) & 1;
}

function markServices(accepts: (name: string) => boolean, block: BlockReader, page: number, hits: Uint8Array): void {
  const wanted = Uint8Array.from(block.meta.services, (name) => (accepts(name) ? 1 : 0));
  const service = block.columnOfPage("service", page);
  for (let row = 0; row < hits.length; row += 1) hits[row] = wanted[service[row] as number] as number;
}

type TimeLeaf = Extract<ColumnLeaf, { type: "time" }>;

function markTimes({ field, start, end }: TimeLeaf, block: BlockReader, page: number, hits: Uint8Array): void {
  const isReceived = field === "received_at";
  const ms = block.columnOfPage(isReceived ? "received" : "timestamp", page);
  const nanos = isReceived ? undefined : block.columnOfPage("nanos", page);
  hits.fill(1);
  keepTimes(ms, nanos, start, end, hits);
}

/** Clears `alive[row]` where the time is before `start` or after `end`. Without `nanos` times are whole milliseconds. */
export function keepTimes(
  ms: Float64Array,
  nanos: Float64Array | undefined,
  start: Timestamp | undefined,
  end: Timestamp | undefined,
  alive: Uint8Array,
): void {
  for (let row = 0; row < alive.length; row += 1) {
    const time = ms[row] as number;
    const rest = nanos === undefined ? 0 : (nanos[row] as number);
    if (start !== undefined && (time < start.ms || (time === start.ms && rest < start.nanos))) alive[row] = 0;
    else if (end !== undefined && (time > end.ms || (time === end.ms && rest > end.nanos))) alive[row] = 0;
  }
}
