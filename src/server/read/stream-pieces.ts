import { LogctlError } from "../../errors.ts";
import { freeBytes } from "../../memory/free-bytes.ts";
import type { SearchPiece } from "../../store/search-plan.ts";
import type { OpenStream } from "./open-streams.ts";

/**
 * The pieces of a search at the reader's pace. `enter` is given what breaks the stream off, so that its reader sees an answer
 * without an end; it is told of each piece that is taken. Throws what goes wrong before there is a first piece, which then still
 * gets a status of its own.
 */
export async function streamPieces(
  enter: (end: () => void) => OpenStream,
  start: () => AsyncGenerator<SearchPiece>,
): Promise<ReadableStream<Uint8Array>> {
  let pieces: AsyncGenerator<SearchPiece> | undefined;
  let broken = false;
  let fail = () => {};
  const entry = enter(() => {
    broken = true;
    void pieces?.return(undefined);
    fail();
  });
  let next: Promise<IteratorResult<SearchPiece>>;
  try {
    pieces = start();
    next = Promise.resolve(await pieces.next());
    if (broken) throw ended();
    entry.offered();
  } catch (error) {
    entry.over();
    throw error;
  }
  const found = pieces;
  let sent: Uint8Array | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        fail = () => controller.error(ended());
      },
      async pull(controller) {
        entry.asked();
        // The server has sent it or copied it: else it would not ask for another. Nobody else reads this.
        if (sent !== undefined) freeBytes(sent);
        sent = undefined;
        try {
          const { done, value } = await next;
          if (broken) return;
          if (done) {
            entry.over();
            return controller.close();
          }
          next = found.next();
          // Whoever pulls next is told; until then it is nobody's.
          next.catch(() => {});
          entry.offered();
          sent = value.bytes;
          controller.enqueue(value.bytes);
        } catch (error) {
          entry.over();
          throw error;
        }
      },
      async cancel() {
        entry.over();
        await found.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function ended(): LogctlError {
  return new LogctlError("overloaded", "this stream of records was ended by the collector", { retryAfterS: 1 });
}
