/** From one eighth of a column to a whole one. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"] as const;

/** A bar of `share` (0 to 1) of `width` columns, to an eighth of a column; whatever is more than nothing can be seen. */
export function drawBar(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0;
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
