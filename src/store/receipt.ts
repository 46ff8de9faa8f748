/** What an idempotency key was answered with; it is stored in the transaction that stores the records. */
export type Receipt = {
  /** Whose key it is: the id of a token, so that two services may use the same key. */
  scope: number;
  key: string;
  /** Tells whether a retry has the same body: 16 hexadecimal digits. */
  bodyHash: string;
  /** How many records of the body were stored. */
  accepted: number;
  /** Whether others were refused: which, and why, the same body tells again. */
  isPartial: boolean;
};
