/**
 * What stays the same in texts that one line of code wrote: UTF-8 with slots where they differ. A slot is a byte that
 * occurs in no UTF-8 (0xf8 and up); that of hexadecimal digits is followed by how many.
 */
export const SLOT = {
  /** Up to 15 decimal digits. */
  number: 0xf8,
  /** Lower-case hexadecimal digits, one a decimal one at least; with their number behind. */
  hex: 0xf9,
  /** The 32 digits of a UUID, without its dashes. */
  uuid: 0xfa,
  /** Any other word with digits in it; in JSON, any value. */
  text: 0xfb,
  /** A word without digits. */
  word: 0xfc,
  /** In JSON: true, false or null. */
  literal: 0xfd,
  /** In messages: a text of any words, such as what stands between quotes. */
  phrase: 0xfe,
} as const;

export const FIRST_SLOT = SLOT.number;

/** What counts as a number, and as hexadecimal digits. */
export const MAX_NUMBER_DIGITS = 15;

export const MIN_HEX_DIGITS = 8;

export const MAX_HEX_DIGITS = 64;

export const UUID_BYTES = 36;
