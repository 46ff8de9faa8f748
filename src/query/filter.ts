import type { FilterParameters } from "../schema/filter.ts";
import { SEVERITIES } from "../schema/severity.ts";
import type { Timestamp } from "../schema/timestamp.ts";
import type { Query } from "./query.ts";

/** What a record must be to be found. Every condition given must hold; times are inclusive. */
export type Filter = {
  timestampStart?: Timestamp;
  timestampEnd?: Timestamp;
  receivedStart?: Timestamp;
  receivedEnd?: Timestamp;
  /** Any of these; empty means all. */
  services: string[];
  /** A bit for each index of SEVERITIES that may be found. */
  severityMask: number;
  /** What `q` says, over and above all this. */
  query?: Query;
};

export const ALL_SEVERITIES = (1 << SEVERITIES.length) - 1;

export const NO_FILTER: Filter = { services: [], severityMask: ALL_SEVERITIES };

/** The filter that `parameters` stand for, with the query that `q` was read into. */
export function filterOf(parameters: FilterParameters, query: Query | undefined): Filter {
  const { timestamp_start, timestamp_end, received_at_start, received_at_end, min_severity } = parameters;
  let mask = parameters.severity.reduce((bits, index) => bits | (1 << index), 0) || ALL_SEVERITIES;
  if (min_severity !== undefined) mask &= ALL_SEVERITIES & (-1 << min_severity);
  return {
    ...(timestamp_start && { timestampStart: timestamp_start }),
    ...(timestamp_end && { timestampEnd: timestamp_end }),
    ...(received_at_start && { receivedStart: received_at_start }),
    ...(received_at_end && { receivedEnd: received_at_end }),
    services: parameters.service,
    severityMask: mask,
    ...(query && { query }),
  };
}
