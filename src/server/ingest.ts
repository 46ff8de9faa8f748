import { decodeJsonLogs } from "../dialects/json-logs.ts";
import { LogctlError } from "../errors.ts";
import { freeBytes } from "../free-bytes.ts";
import type { IngestAnswer } from "../schema/api.ts";
import { MAX_IDEMPOTENCY_KEY_CHARACTERS } from "../schema/limits.ts";
import type { Store } from "../store/open-store.ts";
import { answerJson } from "./answer.ts";
import type { BodyBudget, BodyShare } from "./body-budget.ts";
import { createAnswerOnce, type KeyedRequest } from "./idempotency.ts";
import type { Identity } from "./identify.ts";
import type { Metrics } from "./metrics.ts";
import { announcedLength, type BodyLimits, readBody } from "./read-body.ts";
import type { TokenAccounts } from "./token-accounts.ts";
import type { Turns } from "./turns.ts";

export type IngestOptions = {
  store: Pick<Store, "append" | "receipt" | "requireWritable">;
  accounts: TokenAccounts;
  turns: Turns;
  metrics: Pick<Metrics, "ingested">;
  /** What each body may come to, and what all that are read at one time may. */
  limits: BodyLimits;
  bodies: BodyBudget;
};

/** `POST /logs`: answered once everything that was accepted is on disk. */
export function createIngest({ store, accounts, turns, metrics, limits, bodies }: IngestOptions) {
  const { append, receipt, requireWritable } = store;
  const answerOnce = createAnswerOnce(receipt);

  async function storeBody(body: Uint8Array, identity: Identity, keyed?: KeyedRequest): Promise<IngestAnswer> {
    const leave = await turns.take(identity.id, body.length);
    try {
      return await appendBody(body, identity, keyed);
    } finally {
      leave();
    }
  }

  async function appendBody(body: Uint8Array, identity: Identity, keyed?: KeyedRequest): Promise<IngestAnswer> {
    let charged = 0;
    try {
      const { answer } = await append((batch) => {
        accounts.check(identity, body.length);
        const answer = decodeJsonLogs(body, identity.writesAs, batch);
        if (answer === undefined) {
          throw new LogctlError("empty_body", "the body is empty: send a log record as JSON, or several");
        }
        charged = answer.accepted;
        if (charged > 0) accounts.charge(identity, charged, body.length);
        if (keyed === undefined || charged === 0) return { answer };
        return { answer, receipt: { ...keyed, accepted: charged, isPartial: answer.rejected > 0 } };
      });
      return answer;
    } catch (error) {
      if (charged > 0) accounts.giveBack(identity, charged, body.length);
      throw error;
    }
  }

  /** What was said of a body that is stored already. */
  async function readAgain(body: Uint8Array, identity: Identity): Promise<IngestAnswer> {
    let answer: IngestAnswer | undefined;
    await append((batch) => {
      const before = batch.rows();
      answer = decodeJsonLogs(body, identity.writesAs, batch);
      batch.truncate(before);
      return {};
    });
    return answer ?? { accepted: 0, rejected: 0, errors: [] };
  }

  async function ingest(request: Request, identity: Identity, announced: number, share: BodyShare): Promise<IngestAnswer> {
    const { id } = identity;
    const key = readKey(request);
    // What is refused anyway, or cannot be stored, is not read first.
    requireWritable();
    accounts.check(identity, announced);
    turns.check(id, announced);
    const { bytes: body, sentBytes } = await readBody(request, limits, share);
    const keyed = key === undefined ? undefined : { scope: id, key, bodyHash: Bun.hash(body).toString(16).padStart(16, "0") };
    const work = () => storeBody(body, identity, keyed);
    const answer = await (keyed === undefined ? work() : answerOnce(keyed, work, () => readAgain(body, identity))).finally(() =>
      freeBytes(body),
    );
    metrics.ingested(id, answer, sentBytes);
    return answer;
  }

  return async (request: Request, identity: Identity): Promise<Response> => {
    const announced = announcedLength(request);
    const share = bodies.open(announced);
    try {
      return answerIngest(await ingest(request, identity, announced ?? 0, share));
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
