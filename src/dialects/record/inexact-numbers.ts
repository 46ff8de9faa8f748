/** Whether digits were lost when the number was read: beyond 2^53 neighbouring whole numbers fall together. */
export function isInexact(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
}
