import type { RecordBatch } from "../../record-batch.ts";

/**
 * A batch on its way to another thread, in memory that both share and that is used again and again: its columns one behind
 * the other, then its texts. A message with an array for each column would cost more than all the rest of handing it over.
 * `slot` says which memory it is in.
 */
export type BatchLayout = { slot: number; rows: number; services: string[]; messageBytes: number; attributeBytes: number };

export type BatchSender = {
  /**
   * Puts the batch into the memory of the next slot, where it is good until it is that slot's turn again. `memory` is there
   * where it is another than the slot had.
   */
  share(batch: RecordBatch): { layout: BatchLayout; memory: SharedArrayBuffer | undefined };
};

/** The memory there is at least. It grows to what a batch needs, and is given back after one that was larger than most. */
const LEAST_BYTES = 4 * 1024 * 1024;
const GIVEN_BACK_FACTOR = 8;

/** Takes turns with so many slots, from `firstSlot` on. */
export function createBatchSender(slots: number, firstSlot = 0): BatchSender {
  const memories: SharedArrayBuffer[] = [];
  let slot = firstSlot;
  return {
    share(batch) {
      const { rows, services, messages, attributes } = batch;
      slot = firstSlot + ((slot - firstSlot + 1) % slots);
      const layout = { slot, rows, services, messageBytes: messages.length, attributeBytes: attributes.length };
      const bytes = Math.max(LEAST_BYTES, bytesOf(layout));
      const known = memories[slot];
      const fits = known !== undefined && known.byteLength >= bytes && known.byteLength <= bytes * GIVEN_BACK_FACTOR;
      const memory = fits ? known : new SharedArrayBuffer(bytes);
      memories[slot] = memory;
      const shared = readSharedBatch(memory, layout);
      shared.timestampMs.set(batch.timestampMs);
      shared.nanos.set(batch.nanos);
      shared.service.set(batch.service);
      shared.messageLengths.set(batch.messageLengths);
      shared.attributeLengths.set(batch.attributeLengths);
      shared.messageOffsets.set(batch.messageOffsets);
      shared.attributeOffsets.set(batch.attributeOffsets);
      shared.digits.set(batch.digits);
      shared.severity.set(batch.severity);
      shared.messages.set(messages);
      shared.attributes.set(attributes);
      return { layout, memory: fits ? undefined : memory };
    },
  };
}

/** Of each row a float, six integers of 32 bits and two bytes; of offsets there is one more. */
function bytesOf({ rows, messageBytes, attributeBytes }: BatchLayout): number {
  return rows * (8 + 6 * 4 + 2) + 2 * 4 + messageBytes + attributeBytes;
}

/** The batch as it lies in its slot's memory; good until it is that slot's turn again. */
export function readSharedBatch(memory: SharedArrayBuffer, layout: BatchLayout): RecordBatch {
  const { rows, services, messageBytes, attributeBytes } = layout;
  let at = 0;
  // The widest first, so that each lies where its numbers may.
  const place = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const integers = (count: number) => new Uint32Array(memory, place(4 * count), count);
  const bytes = (count: number) => new Uint8Array(memory, place(count), count);
  return {
    rows,
    services,
    timestampMs: new Float64Array(memory, place(8 * rows), rows),
    nanos: integers(rows),
    service: integers(rows),
    messageLengths: integers(rows),
    attributeLengths: integers(rows),
    messageOffsets: integers(rows + 1),
    attributeOffsets: integers(rows + 1),
    digits: bytes(rows),
    severity: bytes(rows),
    messages: bytes(messageBytes),
    attributes: bytes(attributeBytes),
  };
}
