import type { ErrorCode } from "../errors.ts";
import type { Filter } from "../schema/filter.ts";
import type { TokenUse } from "../schema/token.ts";
import type { ClockMark } from "../steady-clock.ts";
import type { EncodedBlock } from "./blocks/block/block.ts";
import type { DamagedBlock } from "./blocks/block/block-damage.ts";
import type { MissingRecords } from "./blocks/health/missing-records.ts";
import type { DroppedReceipts } from "./blocks/receipt/receipt-keeper.ts";
import type { AppendRequest } from "./blocks/write/append.ts";
import type { BatchLayout } from "./blocks/write/shared-batch.ts";
import type { Dropped, Retention } from "./retention.ts";
import type { SearchPiece, SearchPlan } from "./search-plan.ts";
import type { RecordRange, TallyPlan } from "./stats-plan.ts";

/** What the store and its workers say to each other. Each worker is told the database's path first. */
export type OpenMessage = { type: "open"; path: string };
export type CloseMessage = { type: "close" };

/** A failure in a worker, as text: an error object would lose its fields on the way. */
export type FailureMessage = {
  type: "failed";
  id: number;
  message: string;
  code?: ErrorCode;
  retryAfterS?: number | undefined;
  /** Whether it is the file that is damaged, so that it will fail again. */
  isDamage?: boolean;
};
/** The same of what was asked for in vain, and not of the store: `message` goes to whoever asked. */
export type RefusalMessage = { type: "refused"; id: number; code: ErrorCode; message: string; field: string | undefined };

export type ReplaceRequest = { replaced: { id: number; firstId: number }[]; block: EncodedBlock };

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

/**
 * A part of the records that one append is to commit: made into blocks while others are committed, and kept under the number of
 * their run. `request` is JSON, of an `EncodeText`.
 */
export type EncodeMessage = { type: "encode"; id: number; request: string };
export type EncodeText = { run: number; layout: BatchLayout; receivedAtMs: number };

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

export type ToScanner =
  /** While the thread works, `turn` has the time at which it began, in ms since the epoch; else 0. */
  | (OpenMessage & { turn: SharedArrayBuffer })
  | CloseMessage
  | { type: "search"; id: number; plan: SearchPlan }
  /** The reader has taken the last chunk: make the next one. */
  | { type: "more"; id: number }
  | { type: "cancel"; id: number }
  /** Which records may match, of all or of those within a range, in up to so many ranges. */
  | { type: "list"; id: number; filter: Filter; parts: number; within?: RecordRange }
  /** Gather what is asked for from a range, beside what was gathered from others under the same id. */
  | { type: "tally"; id: number; plan: TallyPlan; range: RecordRange }
  /** Give what was gathered for another thread to absorb. */
  | { type: "collect"; id: number }
  /** Absorb what others gathered, and answer. */
  | { type: "conclude"; id: number; plan: TallyPlan; others: Uint8Array[] };
export type FromScanner =
  | { type: "closed" }
  /** The block is left out of what is answered under the same id; said before that is. */
  | { type: "damaged"; id: number; block: DamagedBlock }
  | ({ type: "chunk"; id: number } & SearchPiece)
  | { type: "listed"; id: number; ranges: RecordRange[] }
  | { type: "tallied"; id: number }
  | { type: "collected"; id: number; bytes: Uint8Array }
  | { type: "concluded"; id: number; bytes: Uint8Array }
  | RefusalMessage
  | FailureMessage;

export type ToCompactor =
  /** What goes into one merge comes to `mostBytes` at most. */
  | (OpenMessage & { mostBytes: number })
  | CloseMessage
  /** Merge what is to be merged next; where it is thorough, also what is hardly worth it. */
  | { type: "compact"; thorough: boolean };
export type FromCompactor =
  | { type: "closed" }
  | ({ type: "compacted"; small: number } & ReplaceRequest)
  /** The block is merged with no other. */
  | { type: "damaged"; block: DamagedBlock }
  | { type: "idle" }
  | { type: "failed"; message: string };
