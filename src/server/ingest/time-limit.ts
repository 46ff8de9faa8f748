import { LogctlError } from "../../errors.ts";

/** What is waited for, and until when. A timer for each would cost more than reading most bodies does. */
const waiting = new Set<{ endsAtMs: number; expire: () => void }>();
const LOOK_EVERY_MS = 50;
let looking: ReturnType<typeof setInterval> | undefined;

function look(): void {
  const nowMs = performance.now();
  for (const { endsAtMs, expire } of waiting) if (nowMs >= endsAtMs) expire();
  if (waiting.size > 0) return;
  clearInterval(looking);
  looking = undefined;
}

/**
 * What `work` gives; throws `request_timeout` once it takes longer than `timeoutMs`, or up to 50 ms more. What becomes of it
 * later is of no interest any more.
 */
export function inTime<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const entry = {
      endsAtMs: performance.now() + timeoutMs,
      expire() {
        waiting.delete(entry);
        reject(new LogctlError("request_timeout", `the body did not arrive within ${timeoutMs / 1000} s; send it in parts`));
      },
    };
    waiting.add(entry);
    looking ??= setInterval(look, LOOK_EVERY_MS);
    work.then(
      (result) => {
        waiting.delete(entry);
        resolve(result);
      },
      (error) => {
        waiting.delete(entry);
        reject(error);
      },
    );
  });
}
