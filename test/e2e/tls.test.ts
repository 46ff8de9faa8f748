import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Collector, runBinary, startCollector } from "../support/binary.ts";
import { makeTemporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";

const hasOpenssl = Bun.which("openssl") !== null;
if (!hasOpenssl) console.warn("TLS is not tried: there is no openssl to make a certificate with");

let folder: TemporaryFolder;
let collector: Collector;

/** A certificate for this machine, signed by itself. */
function makeCertificate(name: string): { cert: string; key: string } {
  const [cert, key] = [folder.file(`${name}-cert.pem`), folder.file(`${name}-key.pem`)];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const made = Bun.spawnSync(["openssl", "req", "-x509", ...curve, "-keyout", key, "-out", cert, "-days", "2", ...subject]);
  expect([made.exitCode, made.exitCode === 0 ? "" : made.stderr.toString()]).toEqual([0, ""]);
  return { cert, key };
}

describe.skipIf(!hasOpenssl)("logctl over TLS", () => {
  let own: { cert: string; key: string };
  let other: { cert: string; key: string };

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    own = makeCertificate("own");
    other = makeCertificate("other");
    collector = await startCollector(["--tls-cert", own.cert, "--tls-key", own.key]);
  }, 30_000);

  afterAll(async () => {
    await collector?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const send = (args: string[], env: Record<string, string> = {}) =>
    runBinary(["send", "--service", "reports", "--message", "over TLS", "--url", collector.url, ...args], { env });

  test("writes, simulates, reads and follows, with the certificate that the collector's is signed by", async () => {
    expect(collector.url).toStartWith("https://127.0.0.1:");
    expect((await send(["--ca-cert", own.cert])).code).toBe(0);
    const env = { LOGCTL_URL: collector.url, LOGCTL_CA_CERT: own.cert };
    expect((await send([], env)).code).toBe(0);
    const simulated = await runBinary(["simulate", "--count", "2", "--interval", "0"], { env });
    expect([simulated.code, simulated.err]).toEqual([0, expect.stringContaining("2 stored")]);
    expect(await runBinary(["query", "--count"], { env })).toMatchObject({ code: 0, out: "4\n" });
    const piped = await runBinary(["send", "--service", "chat"], { env, stdin: "a\nb\n" });
    expect([piped.code, piped.err]).toEqual([0, expect.stringContaining("stored 2 records")]);
  }, 30_000);

  test("does not send its token to a collector whose certificate it has no reason to trust, and says why", async () => {
    const before = await (await fetch(`${collector.url}/logs/stats`, { tls: { ca: await Bun.file(own.cert).text() } })).json();
    for (const args of [[], ["--ca-cert", other.cert]]) {
      const { code, out, err } = await runBinary(["query", "--url", collector.url, ...args]);
      expect([code, out]).toEqual([3, ""]);
      expect(err).toMatch(/^logctl: no collector answers at https:[^\n]+certificate is not trusted[^\n]+--ca-cert[^\n]+\n$/);
    }
    const after = await (await fetch(`${collector.url}/logs/stats`, { tls: { ca: await Bun.file(own.cert).text() } })).json();
    expect(after).toEqual(before);
  }, 30_000);

  test("does not answer plain HTTP", async () => {
    const { code, err } = await runBinary(["query", "--url", collector.url.replace("https:", "http:")]);
    expect([code, err.trimEnd().split("\n").length]).toEqual([3, 1]);
  }, 30_000);

  test("says in one line which file is not what it should be", async () => {
    const empty = folder.file("empty.pem");
    await Bun.write(empty, "");
    const cases: [string, string, string][] = [
      [own.cert, other.key, `--tls-key '${other.key}' is not the key of the certificate in --tls-cert '${own.cert}'`],
      [own.key, own.key, `--tls-cert '${own.key}' holds no certificate as PEM`],
      [empty, own.key, `--tls-cert '${empty}' holds no certificate as PEM`],
      [own.cert, own.cert, `--tls-key '${own.cert}' holds no private key`],
      [folder.path, own.key, `--tls-cert '${folder.path}' cannot be read`],
      [own.cert, folder.file("gone.pem"), `--tls-key '${folder.file("gone.pem")}' cannot be read`],
    ];
    for (const [cert, key, message] of cases) {
      const args = ["--port", "0", "--db", folder.file("never.db"), "--tls-cert", cert, "--tls-key", key];
      const { code, out, err } = await runBinary(["serve", ...args]);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toStartWith(`logctl: ${message}`);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    }
    expect(await Bun.file(folder.file("never.db")).exists()).toBe(false);
  }, 30_000);
});
