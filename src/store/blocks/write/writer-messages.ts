import type { TokenUse } from "../../../schema/token.ts";
import type { ClockMark } from "../../../steady-clock.ts";
import type { Dropped, Retention } from "../../retention.ts";
import type { ReplaceRequest } from "../block/block.ts";
import type { MissingRecords } from "../health/missing-records.ts";
import type { DroppedReceipts } from "../receipt/receipt-keeper.ts";
import type { CloseMessage, FailureMessage, OpenMessage } from "../thread/messages.ts";
import type { AppendRequest } from "./append.ts";
import type { BatchLayout } from "./shared-batch.ts";

/**
 * An append whose batch lies in shared memory: that of its slot's last `memory` message. `request` is JSON, of an `AppendText`: a
 * message of texts and numbers alone takes a third of the time of one with objects in it.
 */
export type AppendMessage = { type: "append"; id: number; request: string };

export type AppendText = Omit<AppendRequest, "batch" | "encoded"> & {
  layout: BatchLayout;
  /** Under which number records that go before these were encoded. */
  run?: number | undefined;
};

export type ToWriter =
  | (OpenMessage & { retention: Retention | undefined; minFreeBytes: number })
  | CloseMessage
  | { type: "memory"; slot: number; memory: SharedArrayBuffer }
  | AppendMessage
  | EncodeMessage
  /** What was encoded under this number is not wanted any more. */
  | { type: "forget"; run: number }
  | ({ type: "replace"; id: number } & ReplaceRequest)
  | { type: "note_use"; use: TokenUse }
  /** Time has passed: is there something to drop? */
  | { type: "retain"; mark: ClockMark };

export type FromWriter =
  | { type: "opened" }
  | { type: "closed" }
  /** Found when it opened. */
  | ({ type: "missing" } & MissingRecords)
  | { type: "appended"; id: number; firstId: number }
  | { type: "encoded"; id: number }
  | { type: "replaced"; id: number; done: boolean }
  /** Records are gone, since there is a limit to what is kept. */
  | { type: "dropped"; dropped: Dropped }
  | { type: "receipts_dropped"; dropped: DroppedReceipts }
  /** Their blocks are others now; where each is has not changed for who asks. */
  | { type: "receipts_merged" }
  /** What was in the way of writing is over. */
  | { type: "restored" }
  /** Something that nobody waits for went wrong. */
  | { type: "troubled"; message: string }
  | FailureMessage;

/**
 * A part of the records that one append is to commit: made into blocks while others are committed, and kept under the number of
 * their run. `request` is JSON, of an `EncodeText`.
 */
export type EncodeMessage = { type: "encode"; id: number; request: string };

export type EncodeText = { run: number; layout: BatchLayout; receivedAtMs: number };
