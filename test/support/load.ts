/** What a load has seen: which messages were acknowledged, and how often it got each status; 0 is no answer. */
export type Load = {
  acknowledged: string[];
  statuses: Map<number, number>;
  /** The last refusal. */
  refusal: { code: string; message: string; retryAfter: string | null } | undefined;
  /** Sends one batch, once, and answers its status. */
  send(url: string, records?: number): Promise<number>;
};

export const REPORTS_TOKEN = { authorization: "Token svc-reports-123" };

/** Numbered records, each with a text, by default one that no compression makes smaller; each batch has a key of its own. */
export function createLoad(name: string, text: () => string = () => noise(200)): Load {
  const acknowledged: string[] = [];
  const statuses = new Map<number, number>();
  let next = 0;
  const load: Load = {
    acknowledged,
    statuses,
    refusal: undefined,
    async send(url, records = 50) {
      const first = next;
      next += records;
      const messages = Array.from({ length: records }, (_, i) => `${name} ${first + i} ${text()}`);
      const body = messages.map((message) => JSON.stringify({ message })).join("\n");
      const headers = { ...REPORTS_TOKEN, "idempotency-key": `${name}-${first}` };
      const response = await fetch(`${url}/logs`, { method: "POST", body, headers }).catch(() => undefined);
      const status = response?.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200) {
        for (const message of messages) acknowledged.push(message);
        await response?.arrayBuffer();
      } else if (response !== undefined) {
        const { error } = (await response.json()) as { error: { code: string; message: string } };
        load.refusal = { ...error, retryAfter: response.headers.get("retry-after") };
      }
      return status;
    },
  };
  return load;
}

export function noise(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64");
}

/** What became of what was acknowledged. */
export type Account = { stored: number; lost: number; doubled: number };

/** Reads all there is back. What was not acknowledged may be there, but nothing may be there twice. */
export async function accountFor(url: string, acknowledged: readonly string[]): Promise<Account> {
  const stored = await readMessages(url);
  const different = new Set(stored);
  const lost = acknowledged.filter((message) => !different.has(message)).length;
  return { stored: stored.length, lost, doubled: stored.length - different.size };
}

async function readMessages(url: string): Promise<string[]> {
  const response = await fetch(`${url}/logs?limit=all`, { headers: { accept: "application/x-ndjson" } });
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as { message: string }).message);
}

export type Health = { status: number; reasons: string[]; text: string };

/** What the collector says of itself; `reasons` are codes. */
export async function healthOf(url: string): Promise<Health> {
  const response = await fetch(`${url}/health`);
  const text = await response.text();
  const { reasons = [] } = JSON.parse(text) as { reasons?: { code: string }[] };
  return { status: response.status, reasons: reasons.map(({ code }) => code), text };
}
