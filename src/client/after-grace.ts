/** A signal that is aborted `graceMs` after another one: for what may still be ended then. */
export function afterGrace(signal: AbortSignal, graceMs: number): AbortSignal {
  const late = new AbortController();
  // It keeps no process alive that has nothing else to do.
  const start = () => void setTimeout(() => late.abort(signal.reason), graceMs).unref();
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return late.signal;
}
