import { LogctlError } from "../errors.ts";
import { freeBytes } from "../free-bytes.ts";
import { parseQuery } from "../query/parse-query.ts";
import type { Query } from "../query/query.ts";
import { readCursor, writeCursor } from "../schema/cursor.ts";
import { type Filter, filterOf, pageParametersSchema, type RecordFormat, streamParametersSchema } from "../schema/filter.ts";
import { parse } from "../schema/parse.ts";
import type { Store } from "../store/open-store.ts";
import type { SearchPiece, SearchPlan } from "../store/search-plan.ts";
import { answer, CONTENT_TYPES, damageHeader } from "./answer.ts";
import type { Identity } from "./identify.ts";
import { readParameters } from "./read-parameters.ts";

const SEARCH_PARAMETERS = Object.keys(pageParametersSchema.shape);

/** `GET /logs`: an array, or a stream of records at the reader's pace. */
export async function searchLogs(store: Store, request: Request, queryString: string, identity: Identity): Promise<Response> {
  const format = acceptedFormat(request.headers.get("accept"));
  const plan = readPlan(queryString, identity, format);
  const damaged = new Set<number>();
  const pieces = leaveWith(
    request.signal,
    store.search(plan, ({ id }) => damaged.add(id)),
  );
  return format === "json" ? answerPage(pieces, plan, queryString, damaged) : answerStream(pieces, format, damaged);
}

/** The same pieces; the search ends at once when the reader goes away, also where nothing was found for them yet. */
export function leaveWith(signal: AbortSignal, pieces: AsyncGenerator<SearchPiece>): AsyncGenerator<SearchPiece> {
  signal.addEventListener("abort", () => void pieces.return(undefined), { once: true });
  return pieces;
}

function readPlan(queryString: string, identity: Identity, format: RecordFormat): SearchPlan {
  const schema = format === "json" ? pageParametersSchema : streamParametersSchema;
  const parameters = parse(schema, readParameters(queryString, SEARCH_PARAMETERS), "invalid_parameter");
  const { limit, offset, cursor, order, sort, q } = parameters;
  const filter = confine(filterOf(parameters, queryOf(q)), identity);
  return { filter, sort, order, offset, limit, format, ...(cursor !== undefined && { after: readCursor(cursor, sort) }) };
}

export function queryOf(q: string | undefined): Query | undefined {
  return q === undefined ? undefined : parseQuery(q);
}

/** A token that is bound to a service reads that service's logs only. */
export function confine(filter: Filter, { reads }: Identity): Filter {
  if (reads === undefined) return filter;
  const other = filter.services.find((service) => service !== reads);
  if (other === undefined) return { ...filter, services: [reads] };
  throw new LogctlError("forbidden", `this token reads the logs of '${reads}' only, not of '${other}'`, { field: "service" });
}

/** The first format of the Accept header that there is; JSON where there is none. */
export function acceptedFormat(accept: string | null): RecordFormat {
  for (const range of (accept ?? "").split(",")) {
    const type = range.split(";")[0]?.trim().toLowerCase();
    if (type === "application/x-ndjson" || type === "application/jsonl" || type === "application/ndjson") return "ndjson";
    if (type === "text/csv") return "csv";
    if (type === "application/json") return "json";
  }
  return "json";
}

async function answerPage(
  pieces: AsyncGenerator<SearchPiece>,
  plan: SearchPlan,
  queryString: string,
  damaged: ReadonlySet<number>,
): Promise<Response> {
  const bytes: Uint8Array[] = [];
  let rows = 0;
  let last: SearchPiece["last"];
  for await (const piece of pieces) {
    bytes.push(piece.bytes);
    rows += piece.rows;
    last = piece.last ?? last;
  }
  const hasNext = rows === plan.limit && last !== undefined;
  return answer(Buffer.concat(bytes), 200, CONTENT_TYPES.json, {
    ...damageHeader(damaged),
    ...(hasNext && {
      link: `<${addressOfNext(queryString, writeCursor(last as NonNullable<typeof last>, plan.sort))}>; rel="next"`,
    }),
  });
}

/** The same search from the cursor on; relative, since only the client knows by what address it reached us. */
function addressOfNext(queryString: string, cursor: string): string {
  const parameters = new URLSearchParams(queryString);
  parameters.delete("offset");
  parameters.set("cursor", cursor);
  return `/logs?${parameters}`;
}

async function answerStream(
  pieces: AsyncGenerator<SearchPiece>,
  format: "ndjson" | "csv",
  damaged: ReadonlySet<number>,
): Promise<Response> {
  // Whatever goes wrong before there is a first piece still gets a status of its own.
  let next: Promise<IteratorResult<SearchPiece>> = Promise.resolve(await pieces.next());
  let sent: Uint8Array | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // The server has sent it or copied it: else it would not ask for another. Nobody else reads this.
        if (sent !== undefined) freeBytes(sent);
        sent = undefined;
        const { done, value } = await next;
        if (done) return controller.close();
        next = pieces.next();
        // Whoever pulls next is told; until then it is nobody's.
        next.catch(() => {});
        sent = value.bytes;
        controller.enqueue(value.bytes);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  // Those that were met before the first piece: of others, only `/health` can tell.
  return answer(body, 200, CONTENT_TYPES[format], damageHeader(damaged));
}
