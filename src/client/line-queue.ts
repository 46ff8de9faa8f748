import { type Sleep, sleep } from "./retry.ts";

/** Records to be sent in one request, each with the number of the line it came from. */
export type LineBatch = { records: string[]; lineNumbers: number[] };

export type LineQueueOptions = {
  maxRecords?: number;
  /** Characters, which for most text are bytes. */
  maxCharacters?: number;
  /** How long a record may wait for company. */
  flushAfterMs?: number;
  sleep?: Sleep;
};

export type LineQueue = {
  push(record: string, lineNumber: number): void;
  /** Whether no more than a few batches wait. Who pushes only then cannot fill the memory. */
  hasRoom(): boolean;
  /** Resolves once there is room, or the queue is closed. */
  room(): Promise<void>;
  /** The next batch: once one is full, its first record has waited long enough, or no more come; undefined after the last. */
  next(): Promise<LineBatch | undefined>;
  /** No more come. */
  close(): void;
  /** How many records wait. */
  waiting(): number;
};

const MAX_WAITING_BATCHES = 4;

/** What stands between reading lines and sending them, in order. For one reader and one sender. */
export function createLineQueue(options: LineQueueOptions = {}): LineQueue {
  const { maxRecords = 1000, maxCharacters = 1_000_000, flushAfterMs = 100 } = options;
  const wait = options.sleep ?? sleep;
  let records: string[] = [];
  let lineNumbers: number[] = [];
  let characters = 0;
  let isClosed = false;
  let isDue = false;
  let timer = new AbortController();
  let wakeSender: () => void = () => {};
  let wakeReader: () => void = () => {};

  const isReady = () => isClosed || isDue || records.length >= maxRecords || characters >= maxCharacters;
  const hasRoom = () =>
    isClosed || (records.length < MAX_WAITING_BATCHES * maxRecords && characters < MAX_WAITING_BATCHES * maxCharacters);

  function startTimer(): void {
    timer = new AbortController();
    const { signal } = timer;
    wait(flushAfterMs, signal).then(() => {
      if (signal.aborted) return;
      isDue = true;
      wakeSender();
    });
  }

  function stopTimer(): void {
    timer.abort();
    isDue = false;
  }

  function take(): LineBatch {
    let count = 0;
    let taken = 0;
    while (count < records.length && count < maxRecords) {
      const length = (records[count] as string).length;
      if (count > 0 && taken + length > maxCharacters) break;
      taken += length;
      count += 1;
    }
    const batch = { records: records.slice(0, count), lineNumbers: lineNumbers.slice(0, count) };
    records = records.slice(count);
    lineNumbers = lineNumbers.slice(count);
    characters -= taken;
    stopTimer();
    if (records.length > 0 && !isClosed) startTimer();
    if (hasRoom()) wakeReader();
    return batch;
  }

  return {
    push(record, lineNumber) {
      if (records.length === 0 && !isClosed) startTimer();
      records.push(record);
      lineNumbers.push(lineNumber);
      characters += record.length;
      if (isReady()) wakeSender();
    },
    hasRoom,
    async room() {
      while (!hasRoom()) {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
    },
    async next() {
      while (!isReady()) {
        await new Promise<void>((resolve) => {
          wakeSender = resolve;
        });
      }
      return records.length > 0 ? take() : undefined;
    },
    close() {
      isClosed = true;
      stopTimer();
      wakeSender();
      wakeReader();
    },
    waiting: () => records.length,
  };
}
