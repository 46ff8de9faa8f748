import type { ErrorCode } from "../../../errors.ts";

/** What the store and its workers say to each other. Each worker is told the database's path first. */
export type OpenMessage = { type: "open"; path: string };

export type CloseMessage = { type: "close" };

/** A failure in a worker, as text: an error object would lose its fields on the way. */
export type FailureMessage = {
  type: "failed";
  id: number;
  message: string;
  code?: ErrorCode;
  retryAfterS?: number | undefined;
  /** Whether it is the file that is damaged, so that it will fail again. */
  isDamage?: boolean;
};
