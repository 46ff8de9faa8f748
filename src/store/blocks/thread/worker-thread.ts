import { LogctlError } from "../../../errors.ts";

/** A worker thread as the store sees it: messages in order, and one place where its failures arrive. */
export type WorkerThread<To, From> = {
  post(message: To, transfer?: ArrayBuffer[]): void;
  onMessage(take: (message: From) => void): void;
  onFailure(take: (error: LogctlError) => void): void;
  stop(): void;
};

export function startWorker<To, From>(url: URL): WorkerThread<To, From> {
  const worker = new Worker(url.href, { smol: true });
  let failure: LogctlError | undefined;
  let takeFailure: ((error: LogctlError) => void) | undefined;
  worker.onerror = (event) => {
    failure = new LogctlError("store_unavailable", `a storage thread has stopped: ${event.message}`, { cause: event });
    takeFailure?.(failure);
  };
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage(take) {
      worker.onmessage = ({ data }: MessageEvent<From>) => take(data);
    },
    onFailure(take) {
      takeFailure = take;
      if (failure !== undefined) take(failure);
    },
    stop: () => worker.terminate(),
  };
}
