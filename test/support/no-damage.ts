import type { DamagedBlock } from "../../src/store/damage.ts";

/** For tests in which no block is damaged. */
export function noDamage({ id, reason }: DamagedBlock): never {
  throw new Error(`block ${id} is damaged: ${reason}`);
}
