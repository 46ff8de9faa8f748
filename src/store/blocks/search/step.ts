import type { Position, SearchPiece, SearchPlan } from "../../search-plan.ts";
import type { BlockReader } from "../block/block-reader.ts";
import type { RecordRange } from "./record-range.ts";

/** Records found one after another on one page, in the order asked for. */
export type Hits = { block: BlockReader; page: number; rows: number[] };

/** What a walk over the blocks comes to next: records, or a place before which there is nothing more to find. */
export type Step = { hits: Hits; passed?: undefined } | { hits?: undefined; passed: Position | undefined };

/** A search as one thread runs it. */
export type ScanPlan = SearchPlan & {
  /** Only records of this range, and these without what frames an answer: pieces are put together by whoever searches by ranges. */
  part?: RecordRange;
};

/** A piece whose bytes can be given away to another thread. */
export type SearchChunk = SearchPiece & { bytes: Uint8Array<ArrayBuffer> };
