import type { DeliveredPart } from "./delivery.ts";

export type OutboxSummary = {
  /** Records that wait on disk, also those that earlier processes left, and where. */
  waiting: number;
  folder: string | undefined;
  /** Records that were given up because the spool was full, or they waited too long. */
  dropped: number;
  tooOld: number;
  /** Refused records for which there was no room among the dead. */
  notKept: number;
  /** Parts of spools that could not be read. */
  damaged: number;
  /** Why no more could be taken. */
  failure: unknown;
};

/** The way of records to a collector. */
export type Outbox = {
  /**
   * Takes records, each a JSON text. When this resolves they are `answered` for; or `kept` on disk, to be delivered in order;
   * or that, and it is the `end`: no more can be taken, and the summary says why. Throws where they are none of these.
   */
  take(records: readonly string[], onPart: (part: DeliveredPart) => void): Promise<"answered" | "kept" | "end">;
  /** Puts records on disk for a later process; false where there is no place for that. */
  keep(records: readonly string[]): boolean;
  /** Delivers what waits, unless the collector stays away, and closes. */
  finish(): Promise<OutboxSummary>;
};
