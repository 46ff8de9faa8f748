import { decodeJsonLogs } from "../dialects/json-logs.ts";
import { LogctlError } from "../errors.ts";
import type { IngestAnswer } from "../schema/api.ts";
import { MAX_BODY_BYTES, MAX_IDEMPOTENCY_KEY_CHARACTERS } from "../schema/limits.ts";
import type { Store } from "../store/open-store.ts";
import { answerJson } from "./answer.ts";
import type { BodyBudget, BodyShare } from "./body-budget.ts";
import { createAnswerOnce, type KeyedRequest } from "./idempotency.ts";
import type { Identity } from "./identify.ts";
import type { Metrics } from "./metrics.ts";
import { announcedLength, readBody } from "./read-body.ts";

export type IngestOptions = {
  store: Pick<Store, "append" | "receipt" | "requireWritable">;
  metrics: Pick<Metrics, "ingested">;
  /** What all bodies that are read at one time may come to. */
  bodies: BodyBudget;
};

/** `POST /logs`: answered once everything that was accepted is on disk. */
export function createIngest({ store: { append, receipt, requireWritable }, metrics, bodies }: IngestOptions) {
  const answerOnce = createAnswerOnce(receipt);

  async function storeBody(body: Uint8Array, service: string | undefined, keyed?: KeyedRequest): Promise<IngestAnswer> {
    const { answer } = await append((batch) => {
      const answer = decodeJsonLogs(body, service, batch);
      if (answer === undefined) {
        throw new LogctlError("empty_body", "the body is empty: send a log record as JSON, or several");
      }
      if (keyed === undefined || answer.accepted === 0) return { answer };
      return { answer, receipt: { ...keyed, answer: JSON.stringify(answer) } };
    });
    return answer;
  }

  async function ingest(request: Request, { id, writesAs }: Identity, share: BodyShare): Promise<IngestAnswer> {
    const key = readKey(request);
    // What cannot be stored need not be read.
    requireWritable();
    const { bytes: body, sentBytes } = await readBody(request, MAX_BODY_BYTES, share);
    const keyed = key === undefined ? undefined : { scope: id, key, bodyHash: `${body.length}-${Bun.hash(body).toString(36)}` };
    const work = () => storeBody(body, writesAs, keyed);
    const answer = await (keyed === undefined ? work() : answerOnce(keyed, work));
    metrics.ingested(id, answer, sentBytes);
    return answer;
  }

  return async (request: Request, identity: Identity): Promise<Response> => {
    const share = bodies.open(announcedLength(request));
    try {
      return answerIngest(await ingest(request, identity, share));
    } finally {
      share.close();
    }
  };
}

function readKey(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (key !== "" && key.length <= MAX_IDEMPOTENCY_KEY_CHARACTERS) return key;
  throw new LogctlError(
    "invalid_idempotency_key",
    `an Idempotency-Key has 1 to ${MAX_IDEMPOTENCY_KEY_CHARACTERS} characters, this one has ${key.length}`,
  );
}

function answerIngest(answer: IngestAnswer): Response {
  return answerJson(answer, answer.rejected === 0 ? 200 : answer.accepted > 0 ? 207 : 400);
}
