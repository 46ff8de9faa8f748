import type { IngestAnswer, ItemError } from "../../src/schema/api.ts";

export type Received = {
  url: string;
  token: string | null;
  key: string | null;
  records: Record<string, unknown>[];
  body: string;
};

/** What a test wants answered instead; undefined leaves it to the collector. */
export type Script = (received: Received, count: number) => Response | Promise<Response | undefined> | undefined;

/**
 * A collector in memory: keeps what it is sent, once for each idempotency key, refuses a record without a message, and one
 * whose message is "not mine" as another service's. `requests` are all that came, `stored` what was kept, in order.
 */
export function createFakeCollector(script: Script = () => undefined) {
  const requests: Received[] = [];
  const stored: Record<string, unknown>[] = [];
  const answers = new Map<string, IngestAnswer>();

  function store({ key, records }: Received): IngestAnswer {
    const earlier = answers.get(key ?? "");
    if (earlier !== undefined) return { ...earlier, duplicate: true };
    const errors = records.flatMap((record, index) => refusalOf(record, index) ?? []);
    stored.push(...records.filter((record) => refusalOf(record, 0) === undefined));
    const answer = { accepted: records.length - errors.length, rejected: errors.length, errors };
    answers.set(key ?? crypto.randomUUID(), answer);
    return answer;
  }

  async function fetch(request: Request): Promise<Response> {
    const body = await request.text();
    const { headers, url } = request;
    const records = body.startsWith("[") ? JSON.parse(body) : body.split("\n").map((line) => JSON.parse(line));
    const received = { url, token: headers.get("authorization"), key: headers.get("idempotency-key"), records, body };
    requests.push(received);
    return (await script(received, requests.length)) ?? answerWith(store(received));
  }

  return { fetch, requests, stored, store };
}

export function answerWith(answer: IngestAnswer): Response {
  return Response.json(answer, { status: answer.rejected === 0 ? 200 : answer.accepted > 0 ? 207 : 400 });
}

export function answerErrorWith(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}

function refusalOf(record: Record<string, unknown>, index: number): ItemError | undefined {
  if (record["message"] === "not mine") {
    return { index, code: "service_mismatch", field: "service", message: "service is not the one this token may write as" };
  }
  if ((record["message"] ?? record["msg"] ?? "") !== "") return undefined;
  return { index, code: "missing_message", field: "message", message: "message is missing or blank" };
}
