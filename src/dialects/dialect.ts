import type { IngestAnswer } from "../schema/api.ts";
import type { RecordBatchBuilder } from "../store/record-batch.ts";

/** A format in which logs come: where its clients post, how a body becomes records, and what a client is told. */
export type Dialect = {
  name: string;
  routes: readonly { methods: readonly string[]; path: string }[];
  /**
   * Appends the items of a body that are log records to the batch and says what became of each; undefined where the body is blank.
   * `service` is the token's; undefined where it is bound to none. It stops after each bounded piece of work, some milliseconds at
   * most, to be gone on with, and the batch may be sealed meanwhile; `takeBack` is called where nothing counts that was appended so far.
   */
  decodeInSteps(
    body: Uint8Array,
    service: string | undefined,
    batch: RecordBatchBuilder,
    takeBack: () => void,
  ): Generator<undefined, IngestAnswer | undefined>;
  /** The same at once for the plainest of bodies, which are most; undefined, and nothing is appended, for any other. */
  decodePlain?(body: Uint8Array, service: string | undefined, batch: RecordBatchBuilder): IngestAnswer | undefined;
  /** What a client is told of what became of its items; `body` is sent as JSON. */
  answer(outcome: IngestAnswer): { status: number; body: object };
};
