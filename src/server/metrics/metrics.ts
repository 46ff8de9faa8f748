import type { IngestAnswer } from "../../schema/api.ts";

/** What one token has done. */
export type TokenCounts = { accepted: number; refused: number; bytes: number };

/** What the collector has done since it started, counted by the request and never by the record. */
export type Metrics = {
  /** `bytes` are those of the body, as sent. */
  ingested(tokenId: number, answer: IngestAnswer, bytes: number): void;
  answered(route: string, method: string, status: number): void;
  /** A request that was refused as a whole. */
  refused(code: string): void;
  counts(): MetricCounts;
};

export type MetricCounts = {
  accepted: number;
  duplicates: number;
  bytes: number;
  /** Refused records by their error codes; those of very many that the answer did not name are `unlisted`. */
  refusedRecords: ReadonlyMap<string, number>;
  refusedRequests: ReadonlyMap<string, number>;
  /** By route, method and status, between blanks. */
  requests: ReadonlyMap<string, number>;
  tokens: ReadonlyMap<number, TokenCounts>;
};

export function createMetrics(): Metrics {
  const refusedRecords = new Map<string, number>();
  const refusedRequests = new Map<string, number>();
  const requests = new Map<string, number>();
  const tokens = new Map<number, TokenCounts>();
  const sums = { accepted: 0, duplicates: 0, bytes: 0 };

  function tokenOf(id: number): TokenCounts {
    const counts = tokens.get(id) ?? { accepted: 0, refused: 0, bytes: 0 };
    tokens.set(id, counts);
    return counts;
  }

  return {
    ingested(tokenId, { accepted, rejected, errors, errors_omitted = 0, duplicate }, bytes) {
      const token = tokenOf(tokenId);
      sums.bytes += bytes;
      token.bytes += bytes;
      if (duplicate) {
        sums.duplicates += accepted;
        return;
      }
      sums.accepted += accepted;
      token.accepted += accepted;
      if (rejected === 0) return;
      token.refused += rejected;
      for (const { code } of errors) add(refusedRecords, code, 1);
      if (errors_omitted > 0) add(refusedRecords, "unlisted", errors_omitted);
    },
    answered: (route, method, status) => add(requests, `${route} ${method} ${status}`, 1),
    refused: (code) => add(refusedRequests, code, 1),
    counts: () => ({ ...sums, refusedRecords, refusedRequests, requests, tokens }),
  };
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
