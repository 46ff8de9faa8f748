/** Adds to `counts` how many of the rows each template has. */
export function countTemplates(templateOfRow: Uint32Array, counts: Uint32Array): void {
  for (let row = 0; row < templateOfRow.length; row += 1) {
    const template = templateOfRow[row] as number;
    counts[template] = (counts[template] as number) + 1;
  }
}

/** The rows of a template of which there are so many. */
export function findRows(templateOfRow: Uint32Array, template: number, total: number): Uint32Array {
  const rows = new Uint32Array(total);
  let row = -1;
  for (let i = 0; i < total; i += 1) {
    row = templateOfRow.indexOf(template, row + 1);
    rows[i] = row;
  }
  return rows;
}

/** The rows of the first template, then those of the next one ..., and where each begins; `rowsOf` says how many each has. */
export function sortByTemplate(templateOfRow: Uint32Array, rowsOf: Uint32Array): { rows: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(rowsOf.length + 1);
  for (let template = 0; template < rowsOf.length; template += 1) {
    starts[template + 1] = (starts[template] as number) + (rowsOf[template] as number);
  }
  const rows = new Uint32Array(templateOfRow.length);
  const next = starts.slice();
  for (let row = 0; row < rows.length; row += 1) {
    const template = templateOfRow[row] as number;
    rows[next[template] as number] = row;
    next[template] = (next[template] as number) + 1;
  }
  return { rows, starts };
}

/** The places on a page in the order of their rows' templates, which are those of `ofPage`. */
export function orderByTemplate(places: ArrayLike<number>, ofPage: Uint32Array, templates: number): Uint32Array {
  const next = new Uint32Array(templates + 2);
  for (let i = 0; i < places.length; i += 1) {
    const after = (ofPage[places[i] as number] as number) + 1;
    next[after] = (next[after] as number) + 1;
  }
  for (let template = 0; template <= templates; template += 1) {
    next[template + 1] = (next[template + 1] as number) + (next[template] as number);
  }
  const ordered = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i += 1) {
    const place = places[i] as number;
    const template = ofPage[place] as number;
    ordered[next[template] as number] = place;
    next[template] = (next[template] as number) + 1;
  }
  return ordered;
}
