import { afterAll, describe, expect, test } from "bun:test";
import { run } from "../../../../src/cli.ts";
import { connectAs, hasToken } from "../../../../src/commands/options/demo-connection.ts";
import { createTestContext } from "../../../support/cli.ts";
import { createFakeCollector } from "../../../support/fake-collector.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";

const folder = await makeTemporaryFolder();
afterAll(() => folder[Symbol.asyncDispose]());

/** The one request that a `send` with these flags makes. */
async function requestOf(args: string[], env: Record<string, string> = {}) {
  const { fetch, requests } = createFakeCollector();
  const context = createTestContext({ fetch, env });
  const exitCode = await run(["send", "--service", "reports", "--message", "m", ...args], context);
  return { exitCode, err: context.err(), ...requests[0] };
}

async function tokenFile(text: string): Promise<string> {
  const path = folder.file(crypto.randomUUID());
  await Bun.write(path, text);
  return path;
}

describe("the collector's address", () => {
  test("is the flag's, then the environment's, then this machine's", async () => {
    expect((await requestOf([])).url).toBe("http://127.0.0.1:8000/logs");
    expect((await requestOf([], { LOGCTL_URL: "http://logs.test" })).url).toBe("http://logs.test/logs");
    expect((await requestOf(["--url", "http://flag.test/base/"], { LOGCTL_URL: "http://logs.test" })).url).toBe(
      "http://flag.test/base/logs",
    );
  });

  test("may be written with /logs, as the challenge does", async () => {
    expect((await requestOf(["--url", "http://127.0.0.1:9000/logs"])).url).toBe("http://127.0.0.1:9000/logs");
  });

  test.each(["localhost:8000", "ftp://x", "http://me:secret@x", "http://x?token=secret"])("is refused as '%s'", async (url) => {
    const { exitCode, err } = await requestOf(["--url", url]);
    expect(exitCode).toBe(2);
    expect(err).toStartWith("logctl: --url");
    expect(err).not.toContain("secret@");
    expect(err.split("\n")).toHaveLength(2);
  });
});

describe("the token", () => {
  test("is the file's, then the flag's, then the environment's", async () => {
    const path = await tokenFile(" from-file\n");
    const env = { LOGCTL_TOKEN: "from-env" };
    expect((await requestOf([], env)).token).toBe("Token from-env");
    expect((await requestOf(["--token", "from-flag"], env)).token).toBe("Token from-flag");
    expect((await requestOf(["--token", "from-flag", "--token-file", path], env)).token).toBe("Token from-file");
  });

  test("cannot be in a file that is missing or empty", async () => {
    expect(await requestOf(["--token-file", "/nowhere/token"])).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining("--token-file '/nowhere/token' cannot be read"),
    });
    const path = await tokenFile("\n");
    expect(await requestOf(["--token-file", path])).toMatchObject({
      exitCode: 2,
      err: `logctl: --token-file '${path}' is empty\n`,
    });
  });
});

describe("what is no token", () => {
  test.each([
    [["--token", ""], {}, "--token"],
    [["--token", "two words"], {}, "--token"],
    [[], { LOGCTL_TOKEN: "line\nbreak" }, "LOGCTL_TOKEN"],
    [["--token", "sécret"], {}, "--token"],
  ])("is refused before anything is sent, and never shown: %p", async (args, env, source) => {
    const { exitCode, err, token } = await requestOf(args, env);
    expect([exitCode, token]).toEqual([2, undefined]);
    expect(err).toStartWith(`logctl: ${source} holds no token`);
    expect(err).not.toMatch(/two|line\b|cret/);
  });
});

describe("demo tokens", () => {
  const tokenOf = async (service: string | undefined, url: string, env = {}) => {
    const { fetch, requests } = createFakeCollector();
    const connection = await connectAs(service, { url }, createTestContext({ fetch, env }));
    await connection.request("/logs", { method: "POST", body: "[]" });
    return requests[0]?.token;
  };

  test.each(["http://127.0.0.1:8000", "http://127.9.9.9", "http://localhost:80", "http://[::1]:8000"])(
    "are used towards this machine, %s",
    async (url) => {
      expect(await tokenOf("chat", url)).toBe("Token svc-chat-789");
    },
  );

  test.each([
    "http://logs.test",
    "http://127.0.0.1.logs.test",
    "http://localhost.logs.test",
    "http://10.0.0.1",
    "https://[2001:db8::1]",
  ])("are never shown to %s", async (url) => {
    expect(await tokenOf("chat", url)).toBeNull();
  });

  test("belong to the three services of the challenge, and give way to a token", async () => {
    expect(await tokenOf("shop", "http://127.0.0.1")).toBeNull();
    expect(await tokenOf("constructor", "http://127.0.0.1")).toBeNull();
    expect(await tokenOf(undefined, "http://127.0.0.1")).toBeNull();
    expect(await tokenOf("chat", "http://127.0.0.1", { LOGCTL_TOKEN: "mine" })).toBe("Token mine");
  });

  test("are not asked for where any token is given", () => {
    const url = "http://127.0.0.1";
    expect(hasToken({ url }, createTestContext())).toBe(false);
    expect(hasToken({ url }, createTestContext({ env: { LOGCTL_TOKEN: "" } }))).toBe(false);
    expect(hasToken({ url }, createTestContext({ env: { LOGCTL_TOKEN: "t" } }))).toBe(true);
    expect(hasToken({ url, token: "t" }, createTestContext())).toBe(true);
    expect(hasToken({ url, tokenFile: "f" }, createTestContext())).toBe(true);
  });
});
