import type { Timestamp } from "../../../schema/timestamp.ts";
import type { BlockMeta } from "../block/block.ts";
import type { QueryNode } from "../compile/query-node.ts";

/** What a block's description tells of its rows: all of them match, none does, or one has to look. */
export type Verdict = "all" | "none" | "some";

export function verdictOf(node: QueryNode, meta: BlockMeta): Verdict {
  switch (node.type) {
    case "all":
    case "none":
      return node.type;
    case "and":
      return combine(node.parts, meta, "none", "all");
    case "or":
      return combine(node.parts, meta, "all", "none");
    case "not": {
      const verdict = verdictOf(node.part, meta);
      return verdict === "some" ? "some" : verdict === "all" ? "none" : "all";
    }
    case "severity":
      if ((meta.severityMask & node.mask) === 0) return "none";
      return (meta.severityMask & ~node.mask) === 0 ? "all" : "some";
    case "service":
      if (meta.services.every(node.accepts)) return "all";
      return meta.services.some(node.accepts) ? "some" : "none";
    case "time":
      return node.field === "timestamp"
        ? ofTimes(meta.timestampMin, meta.timestampMax, node.start, node.end)
        : ofTimes(meta.receivedMin, meta.receivedMax, node.start, node.end);
    case "id":
      if (meta.lastId < node.first || meta.firstId > node.last) return "none";
      return meta.firstId >= node.first && meta.lastId <= node.last ? "all" : "some";
    default:
      return "some";
  }
}

/** One `decisive` part decides; it is `neutral` where all are. */
function combine(parts: QueryNode[], meta: BlockMeta, decisive: Verdict, neutral: Verdict): Verdict {
  let verdict = neutral;
  for (const part of parts) {
    const one = verdictOf(part, meta);
    if (one === decisive) return decisive;
    if (one === "some") verdict = "some";
  }
  return verdict;
}

function ofTimes(min: number, max: number, start: Timestamp | undefined, end: Timestamp | undefined): Verdict {
  if ((start !== undefined && max < start.ms) || (end !== undefined && min > end.ms)) return "none";
  return timesWithin(min, max, start, end) ? "all" : "some";
}

/** All times from `min` to `max`, in ms that say nothing of the nanoseconds, are within the bounds. */
export function timesWithin(min: number, max: number, start: Timestamp | undefined, end: Timestamp | undefined): boolean {
  return (start === undefined || min > start.ms) && (end === undefined || max < end.ms);
}
