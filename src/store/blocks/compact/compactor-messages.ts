import type { DamagedBlock } from "../../damage.ts";
import type { ReplaceRequest } from "../block/block.ts";
import type { CloseMessage, OpenMessage } from "../thread/messages.ts";

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
