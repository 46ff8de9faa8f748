/** Pages of texts read lately, of all the blocks of one walk: rows that go to and fro between pages need not unpack one each. */
export type PageCache<Page> = {
  /** The page kept under `key`; else what `read` gives, which is kept from then on. */
  get(key: string, read: () => Page): Page;
};

/** What is kept, in UTF-16 units of text: about as much as a full block has. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

export function createPageCache<Page extends { text: string }>(): PageCache<Page> {
  // In the order in which they were last asked for.
  const pages = new Map<string, Page>();
  let characters = 0;
  return {
    get(key, read) {
      const known = pages.get(key);
      const page = known ?? read();
      if (known === undefined) characters += page.text.length;
      else pages.delete(key);
      pages.set(key, page);
      for (const [oldest, { text }] of pages) {
        if (characters <= MAX_CHARACTERS) break;
        pages.delete(oldest);
        characters -= text.length;
      }
      return page;
    },
  };
}
