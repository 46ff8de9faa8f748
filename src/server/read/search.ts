import { filterOf } from "../../query/filter.ts";
import { readCursor, writeCursor } from "../../schema/cursor.ts";
import { pageParametersSchema, type RecordFormat, streamParametersSchema } from "../../schema/filter.ts";
import { parse } from "../../schema/parse.ts";
import type { SearchPiece, SearchPlan } from "../../store/search-plan.ts";
import type { Store } from "../../store/store.ts";
import type { Identity } from "../access/identify.ts";
import { acceptedFormat } from "../http/accepted-format.ts";
import { answer, CONTENT_TYPES, damageHeader } from "../http/answer.ts";
import type { Asked } from "../http/asked.ts";
import { readParameters } from "../http/read-parameters.ts";
import { leaveWith } from "./leave-with.ts";
import type { OpenStreams } from "./open-streams.ts";
import { confine, queryOf } from "./read-filter.ts";
import { streamPieces } from "./stream-pieces.ts";

const SEARCH_PARAMETERS = Object.keys(pageParametersSchema.shape);

/** A page up to this size is made before it is sent. Beyond it, it is sent as it is made, and nothing is held for its reader. */
const MAX_HELD_PAGE_BYTES = 1024 * 1024;

export type LogsSearch = {
  store: Pick<Store, "search" | "newestId">;
  streams: OpenStreams;
};

/** `GET /logs`: an array, or a stream of records at the reader's pace. */
export async function searchLogs({ store, streams }: LogsSearch, asked: Asked): Promise<Response> {
  const { request, queryString, identity, check } = asked;
  const format = acceptedFormat(request.headers.get("accept"));
  const plan = readPlan(queryString, identity, format);
  const damaged = new Set<number>();
  const start = (started: SearchPlan) =>
    leaveWith(
      request.signal,
      store.search(started, ({ id }) => damaged.add(id)),
    );
  const stream = (streamed: SearchPlan) =>
    streamPieces(
      (end) => streams.enter(request, identity.id, check, end),
      () => start(streamed),
    );
  if (format !== "json") {
    // Those blocks that were met before the first piece: of others, only `/health` can tell.
    const body = await stream(plan);
    return answer(body, 200, CONTENT_TYPES[format], damageHeader(damaged));
  }
  // What arrives meanwhile would change the page between one search and the other.
  const page = { ...plan, throughId: store.newestId() };
  const { held, next } = await readPage(start(page), page);
  const body = held ?? (await stream({ ...page, atReadersPace: true }));
  return answer(body, 200, CONTENT_TYPES.json, {
    ...damageHeader(damaged),
    ...(next !== undefined && { link: `<${addressOfNext(queryString, next)}>; rel="next"` }),
  });
}

function readPlan(queryString: string, identity: Identity, format: RecordFormat): SearchPlan {
  const schema = format === "json" ? pageParametersSchema : streamParametersSchema;
  const parameters = parse(schema, readParameters(queryString, SEARCH_PARAMETERS), "invalid_parameter");
  const { limit, offset, cursor, order, sort, q } = parameters;
  const filter = confine(filterOf(parameters, queryOf(q)), identity);
  const reader = identity.id;
  return { filter, sort, order, offset, limit, format, reader, ...(cursor !== undefined && { after: readCursor(cursor, sort) }) };
}

/** The page, unless it is too large to be held, and the cursor of the next one, where there may be one. */
async function readPage(
  pieces: AsyncGenerator<SearchPiece>,
  plan: SearchPlan,
): Promise<{ held: Uint8Array | undefined; next: string | undefined }> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  let rows = 0;
  let last: SearchPiece["last"];
  for await (const piece of pieces) {
    bytes += piece.bytes.length;
    rows += piece.rows;
    last = piece.last ?? last;
    if (bytes <= MAX_HELD_PAGE_BYTES) kept.push(piece.bytes);
    else kept.length = 0;
  }
  const next = rows === plan.limit && last !== undefined ? writeCursor(last, plan.sort) : undefined;
  return { held: bytes > MAX_HELD_PAGE_BYTES ? undefined : Buffer.concat(kept), next };
}

/** The same search from the cursor on; relative, since only the client knows by what address it reached us. */
function addressOfNext(queryString: string, cursor: string): string {
  const parameters = new URLSearchParams(queryString);
  parameters.delete("offset");
  parameters.set("cursor", cursor);
  return `/logs?${parameters}`;
}
