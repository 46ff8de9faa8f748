/** A program: writes as fast as it is let, with so many connections and records a request, until it is killed. */
const [url, token, connections, records] = Bun.argv.slice(2);
const lines = Array.from({ length: Number(records) }, (_, i) =>
  JSON.stringify({ message: `request ${i} handled in ${i % 97} ms`, path: `/api/items/${i}`, trace: crypto.randomUUID() }),
);
const body = new TextEncoder().encode(lines.join("\n"));

async function write(): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/logs`, { method: "POST", body, headers: { authorization: `Token ${token}` } });
    await answer.bytes();
    if (answer.status !== 200) await Bun.sleep(1000 * Number(answer.headers.get("retry-after") ?? 1));
  }
}

await Promise.all(Array.from({ length: Number(connections) }, write));

export {};
