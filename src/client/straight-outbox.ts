import { createBatch } from "./batch.ts";
import type { Connection } from "./connection.ts";
import type { Delivery } from "./delivery.ts";
import type { Outbox } from "./outbox.ts";

/** The way of records to a collector without a spool: each batch is answered for, or `take` throws what it was refused with. */
export function openStraightOutbox(connection: Connection, delivery: Delivery): Outbox {
  return {
    async take(records, onPart) {
      const refusal = await delivery.deliver(connection, createBatch(records), { onPart });
      if (refusal !== undefined) throw refusal.error;
      return "answered";
    },
    keep: () => false,
    finish: async () => ({
      waiting: 0,
      folder: undefined,
      ...{ dropped: 0, tooOld: 0, notKept: 0, damaged: 0 },
      failure: undefined,
    }),
  };
}
