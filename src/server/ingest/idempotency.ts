import { LogctlError } from "../../errors.ts";
import type { IngestAnswer } from "../../schema/api.ts";
import type { Store } from "../../store/store.ts";

/** A request that may come again. `scope` is whose key it is; the hash tells whether it comes again with the same body. */
export type KeyedRequest = { scope: number; key: string; bodyHash: string };

/**
 * Runs `work` for the first request with a key, and answers every other one as the first, with `duplicate: true`, also
 * while that is still under way. What stored nothing is forgotten, so that it may be tried again. Which records were refused is
 * not kept: `readAgain` reads the same body once more, and stores nothing. Throws `idempotency_conflict` where the same key
 * comes with another body.
 */
export type AnswerOnce = (
  request: KeyedRequest,
  work: () => Promise<IngestAnswer>,
  readAgain: () => Promise<IngestAnswer>,
) => Promise<IngestAnswer>;

export function createAnswerOnce(receipt: Store["receipt"]): AnswerOnce {
  const underWay = new Map<string, { bodyHash: string; answer: Promise<IngestAnswer> }>();

  return async (request, work, readAgain) => {
    const name = `${request.scope} ${request.key}`;
    for (let earlier = underWay.get(name); earlier !== undefined; earlier = underWay.get(name)) {
      requireSameBody(earlier.bodyHash, request.bodyHash);
      // If it fails, that is for its own sender to hear; this request then does the work itself.
      const answer = await earlier.answer.catch(() => undefined);
      if (answer !== undefined && answer.accepted > 0) return { ...answer, duplicate: true };
    }
    const stored = receipt(request.scope, request.key);
    if (stored !== undefined) {
      requireSameBody(stored.bodyHash, request.bodyHash);
      const answer = stored.isPartial ? await readAgain() : { accepted: 0, rejected: 0, errors: [] };
      return { ...answer, accepted: stored.accepted, duplicate: true };
    }
    const answer = work();
    underWay.set(name, { bodyHash: request.bodyHash, answer });
    try {
      return await answer;
    } finally {
      underWay.delete(name);
    }
  };
}

function requireSameBody(first: string, now: string): void {
  if (first === now) return;
  throw new LogctlError("idempotency_conflict", "this Idempotency-Key was used with another body; a new batch needs a new key");
}
