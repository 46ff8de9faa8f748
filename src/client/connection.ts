import { type ErrorCode, LogctlError, statusOf } from "../errors.ts";
import { errorBodySchema } from "../schema/api.ts";
import { parseJson, startOfText } from "./answer-text.ts";

/** How a client reaches a collector. */
export type ConnectionOptions = {
  /** As `readServerAddress` gives it. */
  baseUrl: string;
  token: string | undefined;
  fetch: (request: Request) => Promise<Response>;
  signal: AbortSignal;
};

export type Connection = {
  baseUrl: string;
  /** Tells tokens apart, and gives none away. */
  tokenDigest: string;
  /**
   * One request. No redirect is followed: neither the token nor logs go where the collector's owner did not send them. Answers
   * of any other status come back as they are; throws `unexpected_answer` for a redirect, `unreachable` where there is no
   * answer, and `interrupted` once the signal is aborted, unless it is certain that nothing was sent.
   */
  request(path: string, init?: RequestInit): Promise<Response>;
};

export function openConnection({ baseUrl, token, fetch, signal }: ConnectionOptions): Connection {
  return {
    baseUrl,
    tokenDigest: digestOfToken(token),
    async request(path, init = {}) {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Token ${token}`);
      const url = baseUrl + path;
      let response: Response;
      try {
        response = await fetch(new Request(url, { signal, ...init, headers, redirect: "manual" }));
      } catch (error) {
        if (signal.aborted && !isNoConnection(error)) throw new LogctlError("interrupted", "interrupted");
        const hint = hintOfFailure(error);
        throw new LogctlError("unreachable", `no collector answers at ${baseUrl}: ${hint}`, { cause: error });
      }
      const target = redirectOf(response, url);
      if (target === undefined) return response;
      await response.body?.cancel();
      throw redirected(baseUrl, response.status, target);
    },
  };
}

/** Where an answer sends its reader, without what the address may carry; undefined for one that does not. */
function redirectOf({ status, headers }: Response, url: string): URL | undefined {
  const location = status >= 300 && status < 400 ? headers.get("location") : null;
  if (location === null || !URL.canParse(location, url)) return undefined;
  const target = new URL(location, url);
  Object.assign(target, { username: "", password: "", search: "", hash: "" });
  return target;
}

function redirected(baseUrl: string, status: number, { href }: URL): LogctlError {
  const message = `${baseUrl} is no collector: it redirects (${status}) to ${href}, which is not followed; give --url ${href} if the collector is there`;
  return new LogctlError("unexpected_answer", message);
}

/** Of these the system says that there was no connection. */
const NO_CONNECTION = ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH"];

/** Whether what a request failed with says that nobody can have received anything. */
export function isNoConnection(error: unknown): boolean {
  const code = codeOf(error);
  return NO_CONNECTION.includes(code) || CERTIFICATE_CODE.test(code);
}

/** As `Connection` has it, of no token too. */
export function digestOfToken(token: string | undefined): string {
  return token === undefined ? "none" : new Bun.CryptoHasher("sha256").update(token).digest("hex").slice(0, 32);
}

/** OpenSSL's names for a certificate that is not trusted, or another's. */
const CERTIFICATE_CODE = /CERT|VERIFY/;

function hintOfFailure(error: unknown): string {
  const code = codeOf(error);
  if (!CERTIFICATE_CODE.test(code)) return "is it running (logctl serve), and is --url right?";
  return `its certificate is not trusted (${code}); --ca-cert or LOGCTL_CA_CERT names the one it is signed by`;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** An error's body is some words; of what goes on for longer, no more is read. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The error that an answer with a status of 400 or more stands for; the first 64 KiB of its body are read. Where that
 * breaks off it is `unreachable`; `where` (` at http://...`) tells then which collector it was.
 */
export async function errorOfAnswer(response: Response, where = ""): Promise<LogctlError> {
  let text: string;
  try {
    text = (await startOfText(response, MAX_ERROR_BYTES)).text;
  } catch (cause) {
    return new LogctlError("unreachable", `the collector${where} broke off its answer of status ${response.status}`, { cause });
  }
  const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  const details = Number.isNaN(retryAfterS) ? {} : { retryAfterS };
  const body = errorBodySchema.safeParse(parseJson(text));
  if (body.success && statusOf(body.data.error.code) !== undefined) {
    const { code, message, field } = body.data.error;
    return new LogctlError(code, `${message}${hintFor(code)}`, { ...details, ...(field && { field }) });
  }
  const code = response.status === 401 ? "unauthorized" : response.status === 403 ? "forbidden" : "unexpected_answer";
  const start = text.slice(0, 100).replace(/\s+/g, " ");
  return new LogctlError(
    code,
    `the server answered ${response.status}, which is no answer of a logctl collector: ${start}`,
    details,
  );
}

function hintFor(code: ErrorCode): string {
  if (code === "unauthorized") return " (give a token by LOGCTL_TOKEN or --token-file)";
  return code === "forbidden" ? " (logctl token list shows what each token may do)" : "";
}
