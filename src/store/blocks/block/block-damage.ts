import type { Database } from "bun:sqlite";
import { LogctlError } from "../../../errors.ts";
import type { DamagedBlock } from "../../damage.ts";
import { isCorruption } from "../sqlite/sqlite-errors.ts";
import type { BlockMeta } from "./block.ts";
import { hasBlock } from "./block-catalog.ts";
import { BlockGone } from "./block-reader.ts";

/** What an error says that was met while a block was read. Throws it where it says nothing of this block. */
export function damageOf({ id, firstId, lastId }: BlockMeta, error: unknown): DamagedBlock {
  if (error instanceof BlockGone || error instanceof LogctlError) throw error;
  const { code, message } = error as Error & { code?: string };
  // A disk that does not answer at the moment, or memory that is short, is no damage.
  if (code?.startsWith("SQLITE_") && !isCorruption(error)) throw error;
  return { id, firstId, lastId, reason: message };
}

/** Throws where what is known of the block is not what was written: nothing in it can be trusted then. */
export function checkMeta({ damaged }: BlockMeta): void {
  if (damaged) throw new Error("what is known of it does not match its checksum");
}

/** Why a part that there must be is not there: `BlockGone` where the block is not there either, else damage. */
export function absenceOf(database: Database, meta: BlockMeta, part: number): Error {
  return hasBlock(database, meta) ? new Error(`part ${part} is missing`) : new BlockGone();
}
