/** Records by their ids, both ends included. */
export type RecordRange = { fromId: number; toId: number };

export const ALL_RECORDS: RecordRange = { fromId: 0, toId: Number.POSITIVE_INFINITY };
