type Column = Float64Array | Int32Array | Uint32Array | Uint8Array;

const releases: (() => void)[] = [];

/** What is to be done, too, once memory is to be given back. */
export function onRelease(release: () => void): void {
  releases.push(release);
}

/**
 * Memory that is used again from merge to merge: large fresh columns would cost more than what is done with them. Gives
 * one with so many values, in which is what was last put there, and other things behind. Whoever asks again, for more
 * perhaps, has the same memory or a copy of it.
 */
export function createScratch<Values extends Column>(make: (length: number) => Values): (length: number) => Values {
  let kept = make(0);
  onRelease(() => {
    kept = make(0);
  });
  return (length) => {
    if (kept.length < length) {
      const larger = make(Math.ceil(length * 1.25));
      larger.set(kept);
      kept = larger;
    }
    return kept.subarray(0, length) as Values;
  };
}

/** Lets go of all of it. To be called where nothing is under way. */
export function releaseScratch(): void {
  for (const release of releases) release();
}

/** The larger column with what the smaller one holds. */
export function growTo<Column extends { set(source: Column): void }>(larger: Column, source: Column): Column {
  larger.set(source);
  return larger;
}
