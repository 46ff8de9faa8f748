import type { BlockReader } from "./block-reader.ts";
import { foldedPage } from "./folded-page.ts";
import type { TextLeaf } from "./query-node.ts";
import { markAttributes, markMessages } from "./text-match.ts";

/** Sets `hits[row]` for each row of the page in which the text occurs. */
export function markText({ inAttributes, term }: TextLeaf, block: BlockReader, page: number, hits: Uint8Array): void {
  const messages = block.messages(page);
  markMessages(term, foldedPage(messages), messages, hits);
  if (!inAttributes) return;
  const attributes = block.attributes(page);
  markAttributes(term, foldedPage(attributes), attributes, hits);
}
