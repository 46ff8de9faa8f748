/** A text to look for. */
export type Needle = {
  text: string;
  /** Whether it is looked for in any case: `text` is folded then. */
  folded: boolean;
  /** Whether what stands before it, or behind it, must not be a part of the same word. */
  wholeStart: boolean;
  wholeEnd: boolean;
};
