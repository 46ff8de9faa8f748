import type { Dialect } from "../../dialects/dialect.ts";
import { LogctlError } from "../../errors.ts";
import type { IngestAnswer } from "../../schema/api.ts";
import { MAX_IDEMPOTENCY_KEY_CHARACTERS } from "../../schema/limits.ts";
import type { RecordBatchBuilder } from "../../store/record-batch.ts";
import type { Store } from "../../store/store.ts";
import type { Identity } from "../access/identify.ts";
import type { TokenAccounts } from "../access/token-accounts.ts";
import { answerJson } from "../http/answer.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { BodyBudget, BodyShare } from "./body-budget.ts";
import { createAnswerOnce, type KeyedRequest } from "./idempotency.ts";
import { announcedLength, type BodyLimits, readBody } from "./read-body.ts";
import type { ThreadShare } from "./share-thread.ts";
import type { Turns } from "./turns.ts";

export type IngestOptions = {
  store: Pick<Store, "append" | "appendInSteps" | "receipt" | "requireWritable">;
  accounts: TokenAccounts;
  turns: Turns;
  thread: ThreadShare;
  metrics: Pick<Metrics, "ingested">;
  /** What each body may come to, and what all that are read at one time may. */
  limits: BodyLimits;
  bodies: BodyBudget;
};

type Batch = RecordBatchBuilder;
/** A request to store what is in its body. */
type Writing = { request: Request; identity: Identity; dialect: Dialect };
type Decoded = { answer: IngestAnswer; receipt?: Receipt };
type Receipt = KeyedRequest & { accepted: number; isPartial: boolean };

/** What is decoded at a stretch: some 2 ms. Of larger bodies the pieces take turns with everything else. */
const AT_ONCE_BYTES = 256 * 1024;
/** Plain records of so many bytes take five steps; of what is made to take long, each does more work. */
const MAX_STEPS_AT_ONCE = 8;

/** Takes in logs of any format: answered once everything that was accepted is on disk. */
export function createIngest({ store, accounts, turns, thread, metrics, limits, bodies }: IngestOptions) {
  const { append, appendInSteps, receipt, requireWritable } = store;
  const answerOnce = createAnswerOnce(receipt);

  async function storeBody(body: Uint8Array, writing: Writing, keyed?: KeyedRequest): Promise<IngestAnswer> {
    const leave = await turns.take(writing.identity.id, body.length);
    try {
      return await appendBody(body, writing, keyed);
    } finally {
      leave();
    }
  }

  async function appendBody(body: Uint8Array, writing: Writing, keyed?: KeyedRequest): Promise<IngestAnswer> {
    const { request, identity, dialect } = writing;
    let charged = 0;
    function* decode(batch: Batch, takeBack: () => void): Generator<undefined, Decoded> {
      accounts.check(identity, body.length);
      const answer = yield* dialect.decodeInSteps(body, identity.writesAs, batch, takeBack);
      if (answer === undefined) {
        throw new LogctlError("empty_body", "the body is empty: send a log record as JSON, or several");
      }
      if (answer.accepted === 0) return { answer };
      // Others of this token may have been charged between the steps.
      accounts.check(identity, body.length);
      return charge(answer);
    }
    function charge(answer: IngestAnswer): Decoded {
      charged = answer.accepted;
      accounts.charge(identity, charged, body.length);
      if (keyed === undefined) return { answer };
      return { answer, receipt: { ...keyed, accepted: charged, isPartial: answer.rejected > 0 } };
    }
    function decodeAtOnce(batch: Batch): Decoded {
      accounts.check(identity, body.length);
      const plain = dialect.decodePlain?.(body, identity.writesAs, batch);
      return plain === undefined ? runAtOnce(decode(batch, () => {})) : charge(plain);
    }
    try {
      const decoded = body.length <= AT_ONCE_BYTES ? await appendAtOnce(decodeAtOnce) : undefined;
      return (decoded ?? (await appendInSteps(body.length, decode, pauseWhileThere(request)))).answer;
    } catch (error) {
      if (charged > 0) accounts.giveBack(identity, charged, body.length);
      throw error;
    }
  }

  /** Lets others have their turn, and ends the work of a client that has left. */
  function pauseWhileThere(request: Request) {
    return () => {
      if (request.signal.aborted) throw new LogctlError("body_incomplete", "the connection ended before the body was decoded");
      return thread.pause();
    };
  }

  /** Undefined, and nothing is stored, where it turns out to be too much for one stretch. */
  async function appendAtOnce(decode: (batch: Batch) => Decoded): Promise<Decoded | undefined> {
    try {
      return await append(decode);
    } catch (error) {
      if (error instanceof TakesLonger) return undefined;
      throw error;
    }
  }

  /** What was said of a body that is stored already. */
  async function readAgain(body: Uint8Array, { request, identity, dialect }: Writing): Promise<IngestAnswer> {
    function* decode(batch: Batch): Generator<undefined, Decoded> {
      const steps = dialect.decodeInSteps(body, identity.writesAs, batch, () => {});
      for (;;) {
        const { done, value } = steps.next();
        batch.truncate(0);
        if (done === true) return { answer: value ?? { accepted: 0, rejected: 0, errors: [] } };
        yield undefined;
      }
    }
    return (await appendInSteps(body.length, decode, pauseWhileThere(request))).answer;
  }

  async function ingest(writing: Writing, announced: number, share: BodyShare): Promise<IngestAnswer> {
    const { request, identity } = writing;
    const { id } = identity;
    const key = readKey(request);
    // What is refused anyway, or cannot be stored, is not read first.
    requireWritable();
    accounts.check(identity, announced);
    turns.check(id, announced);
    const { bytes: body, sentBytes, free } = await readBody(request, limits, share);
    const keyed = key === undefined ? undefined : { scope: id, key, bodyHash: Bun.hash(body).toString(16).padStart(16, "0") };
    const work = () => storeBody(body, writing, keyed);
    const again = () => readAgain(body, writing);
    const answer = await (keyed === undefined ? work() : answerOnce(keyed, work, again)).finally(free);
    metrics.ingested(id, answer, sentBytes);
    return answer;
  }

  return async (dialect: Dialect, request: Request, identity: Identity): Promise<Response> => {
    const announced = announcedLength(request);
    const share = bodies.open(identity.id);
    try {
      const { status, body } = dialect.answer(await ingest({ request, identity, dialect }, announced ?? 0, share));
      return answerJson(body, status);
    } finally {
      share.close();
    }
  };
}

class TakesLonger extends Error {}

/** Runs the steps of work one after another; throws where there are many. */
function runAtOnce<Result>(steps: Generator<undefined, Result>): Result {
  for (let count = 0; count < MAX_STEPS_AT_ONCE; count += 1) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
  throw new TakesLonger();
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
