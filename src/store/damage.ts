/** A run of records, from `firstId` to `lastId`, that is stored together, and of which not all can be read, or not as it was written. */
export type DamagedBlock = { id: number; firstId: number; lastId: number; reason: string };

/** Told of each damaged block that was left out; of one block perhaps several times. */
export type NoteDamage = (block: DamagedBlock) => void;
