/**
 * Names within one object: gives back the name itself where it is free, and else `name_2`, `name_3` ..., the first that is.
 * What it gives back is taken from then on.
 */
export type FreeNames = (name: string) => string;

/** `taken` are those that are not free at the start. */
export function createFreeNames(taken: Iterable<string>): FreeNames {
  const used = new Set(taken);
  // From where on to look: to begin at 2 each time would take the square of the time.
  const next = new Map<string, number>();
  return (name) => {
    let free = name;
    if (used.has(name)) {
      let n = next.get(name) ?? 2;
      for (free = `${name}_${n}`; used.has(free); free = `${name}_${n}`) n += 1;
      next.set(name, n + 1);
    }
    used.add(free);
    return free;
  };
}
