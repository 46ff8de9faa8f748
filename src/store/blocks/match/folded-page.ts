import { onRelease } from "../../../memory/scratch.ts";
import type { PageText } from "../block/block-reader.ts";
import { foldCase } from "../index/words.ts";

/** A page's messages and attributes are asked for by each text of a query in turn. */
const KEPT_PAGES = 2;

const kept: { page: PageText; folded: string }[] = [];
onRelease(() => kept.splice(0));

/** The text of a page, folded; those last asked for are kept. */
export function foldedPage(page: PageText): string {
  const known = kept.find((entry) => entry.page === page);
  if (known !== undefined) return known.folded;
  const folded = foldCase(page.text);
  if (kept.length === KEPT_PAGES) kept.shift();
  kept.push({ page, folded });
  return folded;
}
