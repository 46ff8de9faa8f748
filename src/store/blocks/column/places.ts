/** For each value of a column which of its distinct ones it is. */
export type Places = {
  at(index: number): number;
  /** Of all values; undefined where each is the one of its own number. */
  all(): ArrayLike<number> | undefined;
};

export const EACH_ITS_OWN: Places = { at: (index) => index, all: () => undefined };

/** Places that can be had together only. */
export function placesFrom(all: () => ArrayLike<number>): Places {
  return { at: (index) => all()[index] as number, all };
}
