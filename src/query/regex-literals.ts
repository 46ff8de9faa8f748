import type { RegexNode } from "./regex-tree.ts";

/** Among others that fold to the same letter there may be such as the long s; only ASCII is sure to have one lower case. */
const LAST_ASCII = 127;
const MAX_LITERALS = 16;

/** Texts that occur wherever the tree matches, the longest first; in lower case where case does not count. Maybe none. */
export function literalsOf(tree: RegexNode, ignoreCase: boolean): string[] {
  const found: string[] = [];
  let run = "";
  const end = () => {
    if (run !== "") found.push(run);
    run = "";
  };
  const collect = (node: RegexNode): void => {
    if (node.type === "sequence") for (const part of node.parts) collect(part);
    else if (node.type === "character" && !(ignoreCase && node.code > LAST_ASCII)) run += String.fromCodePoint(node.code);
    else if (node.type === "repeat" && node.min > 0) {
      end();
      collect(node.part);
      end();
    } else if (node.type !== "assertion") end();
  };
  collect(tree);
  end();
  const literals = ignoreCase ? found.map((literal) => literal.toLowerCase()) : found;
  return literals.sort((a, b) => b.length - a.length).slice(0, MAX_LITERALS);
}
