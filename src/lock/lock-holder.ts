export type ProcessLock = { release(): void };

/** Who has a lock that was refused; undefined where that cannot be told. */
export type LockHolder = { holder: number | undefined };
