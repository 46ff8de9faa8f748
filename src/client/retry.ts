/** Resolves after `ms`, or as soon as the signal is aborted; who cares which looks at the signal. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const BASE_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
const MAX_RETRY_AFTER_MS = 60_000;

export const sleep: Sleep = (ms, signal) => {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal.addEventListener("abort", wake, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  });
};

/** Whether the same request may succeed later. Other statuses of 400 or more stay what they are. */
export function isRetryable(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501);
}

/**
 * Full jitter: anything from 0 to a bound that doubles with each attempt, so that many clients do not come back together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `attempt` counts from 0.
 */
export function jitteredDelayMs(attempt: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** attempt);
}

/** What a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), within 0 to 60 s; undefined where it can't be read. */
export function readRetryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const waitMs = /^[+-]?\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : /^[A-Za-z]{3,9},? /.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, waitMs));
}
