import type { SearchPiece } from "../../store/search-plan.ts";

/** The same pieces; the search ends at once when the reader goes away, also where nothing was found for them yet. */
export function leaveWith(signal: AbortSignal, pieces: AsyncGenerator<SearchPiece>): AsyncGenerator<SearchPiece> {
  signal.addEventListener("abort", () => void pieces.return(undefined), { once: true });
  return pieces;
}
