import type { ErrorCode } from "../../../errors.ts";
import type { Filter } from "../../../query/filter.ts";
import type { DamagedBlock } from "../../damage.ts";
import type { SearchPiece } from "../../search-plan.ts";
import type { TallyPlan } from "../../stats-plan.ts";
import type { RecordRange } from "../search/record-range.ts";
import type { ScanPlan } from "../search/step.ts";
import type { CloseMessage, FailureMessage, OpenMessage } from "../thread/messages.ts";

/** The same of what was asked for in vain, and not of the store: `message` goes to whoever asked. */
export type RefusalMessage = { type: "refused"; id: number; code: ErrorCode; message: string; field: string | undefined };

export type ToScanner =
  /** While the thread works, `turn` has the time at which it began, in ms since the epoch; else 0. */
  | (OpenMessage & { turn: SharedArrayBuffer })
  | CloseMessage
  | { type: "search"; id: number; plan: ScanPlan }
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
