import { FRAMING } from "../../record-framing.ts";
import type { Order, Position, SearchPiece } from "../../search-plan.ts";
import { ALL_RECORDS, type RecordRange } from "../search/record-range.ts";
import type { ScanPlan } from "../search/step.ts";

export type SpreadSearchOptions = {
  plan: ScanPlan;
  threads: number;
  /** The ranges within one that may hold matches, in ascending order. */
  listRanges: (within: RecordRange) => Promise<RecordRange[]>;
  /** Searches one range, on whichever thread has the least to do. `return` ends it at once. */
  searchRange: (plan: ScanPlan) => AsyncGenerator<SearchPiece>;
  /** For so long one thread searches alone. */
  aloneMs?: number;
};

/** What is found sooner several threads find no quicker: to list ranges, hand them out and wake another processor takes as long. */
const ALONE_MS = 16;

/** Whether a search may have to look far for what it gives, so that several threads are quicker. A tail looks at what is new. */
export function isWorthSpreading({ filter, sort, offset, format }: ScanPlan): boolean {
  return filter.query !== undefined && sort === "received_at" && offset === 0 && format !== "sse";
}

/** What comes after a place. */
function rangeBehind(place: Position | undefined, order: Order): RecordRange {
  if (place === undefined) return ALL_RECORDS;
  return order === "desc" ? { ...ALL_RECORDS, toId: place.id - 1 } : { ...ALL_RECORDS, fromId: place.id + 1 };
}

type Started = { pieces: AsyncGenerator<SearchPiece>; first: Promise<IteratorResult<SearchPiece, void>> };

/** So many ranges for each thread are begun before it is their turn. */
const AHEAD = 2;

/**
 * The same answer as that of one search, from one that is given up where it takes longer, and then from searches of ranges:
 * while the pieces of one range are taken, those that come next have their first piece made. `return` ends all of them at
 * once.
 */
export function spreadSearch(options: SpreadSearchOptions): AsyncGenerator<SearchPiece> {
  const { plan, threads, listRanges, searchRange, aloneMs = ALONE_MS } = options;
  let ranges: RecordRange[] = [];
  // One for each range, in their order.
  const started: Started[] = [];
  // The first of all, or one that is made a second time.
  let single: AsyncGenerator<SearchPiece> | undefined;
  let current = 0;
  let busy = 0;
  let left = false;

  /** Has all threads busy, but not with what is far off. */
  function startMore(): void {
    while (!left && busy < threads && started.length < Math.min(ranges.length, current + threads * AHEAD)) {
      const pieces = searchRange({ ...plan, part: ranges[started.length] as RecordRange });
      const first = pieces.next();
      started.push({ pieces, first });
      busy += 1;
      const goOn = () => {
        busy -= 1;
        startMore();
      };
      // Whoever comes to it is told of a failure; until then it is nobody's.
      first.then(goOn, () => {});
    }
  }

  async function* readPieces(): AsyncGenerator<SearchPiece, void> {
    let remaining = plan.limit;
    let { after } = plan;
    let isFinished = true;
    single = searchRange({ ...plan, part: ALL_RECORDS, patienceMs: aloneMs });
    for await (const piece of single) {
      remaining -= piece.rows;
      after = piece.last ?? after;
      isFinished = piece.unfinished !== true;
      if (piece.rows > 0) yield piece;
    }
    if (isFinished || left) return;
    ranges = await listRanges(rangeBehind(after, plan.order));
    if (plan.order === "desc") ranges.reverse();
    for (current = 0; current < ranges.length && remaining > 0 && !left; current += 1) {
      startMore();
      let { pieces, first } = started[current] as Started;
      for (let next = await first; !next.done && remaining > 0 && !left; next = await pieces.next()) {
        if (next.value.rows > remaining) {
          // More than is wanted: the same again, and no more.
          await pieces.return(undefined);
          const part = ranges[current] as RecordRange;
          single = searchRange({ ...plan, part, limit: remaining, ...(after && { after }) });
          pieces = single;
          next = await pieces.next();
          if (next.done) break;
        }
        remaining -= next.value.rows;
        after = next.value.last ?? after;
        if (next.value.rows > 0) yield next.value;
      }
    }
  }

  async function* read(): AsyncGenerator<SearchPiece> {
    const { head, separator, tail } = FRAMING[plan.format];
    let isFirst = true;
    try {
      for await (const { bytes, rows, last } of readPieces()) {
        yield { bytes: join(isFirst ? head : separator, bytes), rows, last, done: false };
        isFirst = false;
      }
      const end = isFirst && plan.format === "ndjson" ? "" : (isFirst ? head : "") + tail;
      if (!left) yield { bytes: join(end, new Uint8Array()), rows: 0, last: undefined, done: true };
    } finally {
      leave();
    }
  }

  function leave(): void {
    left = true;
    for (const { pieces } of started) void pieces.return(undefined);
    void single?.return(undefined);
  }

  const answer = read();
  const end = answer.return.bind(answer);
  answer.return = (value) => {
    // The generator itself would hear of it only with the next piece, which may be minutes away.
    leave();
    return end(value);
  };
  return answer;
}

const encoder = new TextEncoder();

function join(before: string, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(before.length + bytes.length);
  encoder.encodeInto(before, whole);
  whole.set(bytes, before.length);
  return whole;
}
