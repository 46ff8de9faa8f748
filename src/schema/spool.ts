/** A spool as people and scripts see it. */
export type SpoolStatus = {
  folder: string;
  url: string;
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
};
