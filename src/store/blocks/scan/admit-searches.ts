import { LogctlError } from "../../../errors.ts";
import type { SearchPiece, SearchPlan } from "../../search-plan.ts";
import { createSlots } from "./semaphore.ts";

/** So many pages are searched for at one time; that more of them wait than this is refused. */
const MAX_PAGES = 16;
const MAX_WAITING = 512;
/** Streams go at their readers' pace, each holding what it has unpacked: so many may be open. */
const MAX_STREAMS = 64;
const RETRY_AFTER_S = 1;

export type Admission = {
  /**
   * The pieces of what `start` begins once it is its turn. Pages wait for theirs; a stream is refused where there are too
   * many; a step of a tail, which is short and shared, is not counted. Throws `overloaded`. `return` ends it at once.
   */
  admit(plan: SearchPlan, start: () => AsyncGenerator<SearchPiece>): AsyncGenerator<SearchPiece>;
  counts(): { pages: number; waiting: number; streams: number };
};

export function createAdmission(): Admission {
  const slots = createSlots(MAX_PAGES, MAX_WAITING);
  let streams = 0;

  function admitStream(start: () => AsyncGenerator<SearchPiece>): AsyncGenerator<SearchPiece> {
    if (streams >= MAX_STREAMS) {
      throw new LogctlError("overloaded", `${MAX_STREAMS} streams of records are open already; come again in a moment`, {
        retryAfterS: RETRY_AFTER_S,
      });
    }
    const pieces = start();
    streams += 1;
    return whenOver(pieces, () => {
      streams -= 1;
    });
  }

  function admitPage(reader: number, start: () => AsyncGenerator<SearchPiece>): AsyncGenerator<SearchPiece> {
    const leaving = new AbortController();
    let pieces: AsyncGenerator<SearchPiece> | undefined;
    async function* read(): AsyncGenerator<SearchPiece> {
      const release = slots.takeFree(reader) ?? (await slots.take(reader, leaving.signal));
      try {
        pieces = start();
        yield* pieces;
      } finally {
        release();
      }
    }
    const answer = read();
    const end = answer.return.bind(answer);
    answer.return = (value) => {
      // The generator itself would hear of it only once it has its turn, or the next piece.
      leaving.abort();
      void pieces?.return(undefined);
      return end(value);
    };
    return answer;
  }

  return {
    admit({ format, atReadersPace, reader = 0 }, start) {
      if (format === "sse") return start();
      return format === "json" && !atReadersPace ? admitPage(reader, start) : admitStream(start);
    },
    counts: () => ({ pages: slots.taken(), waiting: slots.waiting(), streams }),
  };
}

/** The same pieces; `onOver` is called once, when they have come to their end, failed, or were left. */
function whenOver(pieces: AsyncGenerator<SearchPiece>, onOver: () => void): AsyncGenerator<SearchPiece> {
  const next = pieces.next.bind(pieces);
  const end = pieces.return.bind(pieces);
  let isOver = false;
  const over = () => {
    if (!isOver) onOver();
    isOver = true;
  };
  pieces.next = async () => {
    try {
      const result = await next();
      if (result.done) over();
      return result;
    } catch (error) {
      over();
      throw error;
    }
  };
  pieces.return = (value) => {
    over();
    return end(value);
  };
  return pieces;
}
