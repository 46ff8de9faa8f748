import { z } from "zod";

/** One copy of a spool's label. The one copy that an earlier logctl wrote has no checksum. */
export const spoolLabelSchema = z.object({ url: z.url(), token_digest: z.string(), checksum: z.string().optional() });

/** A spool as people and scripts see it. */
export type SpoolStatus = {
  folder: string;
  /** Null where its label cannot be read. */
  url: string | null;
  /** What waits. */
  records: number;
  batches: number;
  bytes: number;
  /** When the first of it was spooled, RFC 3339; null where nothing waits. */
  oldest: string | null;
  /** Refused records, and what could not be read, that are kept in `dead`. */
  dead: number;
  dead_bytes: number;
  /** The process that works on it. */
  used_by: number | null;
  /** What is wrong with it, a sentence each. */
  problems: string[];
};
