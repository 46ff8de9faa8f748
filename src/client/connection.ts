import { type ErrorCode, LogctlError } from "../errors.ts";
import { errorBodySchema } from "../schema/api.ts";

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
   * One request. Answers of any status come back as they are; throws `unreachable` where there is no answer, and
   * `interrupted` once the signal is aborted, unless it is certain that nothing was sent.
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
      try {
        return await fetch(new Request(baseUrl + path, { signal, ...init, headers }));
      } catch (error) {
        if (signal.aborted && !isNoConnection(error)) throw new LogctlError("interrupted", "interrupted");
        const hint = hintOfFailure(error);
        throw new LogctlError("unreachable", `no collector answers at ${baseUrl}: ${hint}`, { cause: error });
      }
    },
  };
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
    text = await startOfBody(response);
  } catch (cause) {
    return new LogctlError("unreachable", `the collector${where} broke off its answer of status ${response.status}`, { cause });
  }
  const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
  const details = Number.isNaN(retryAfterS) ? {} : { retryAfterS };
  const body = errorBodySchema.safeParse(parseJson(text));
  if (body.success) {
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

async function startOfBody({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    const taken = chunk.subarray(0, MAX_ERROR_BYTES - bytes);
    text += decoder.decode(taken, { stream: true });
    bytes += taken.length;
    // Leaving the loop tells the server that no more is wanted.
    if (bytes === MAX_ERROR_BYTES) break;
  }
  return text + decoder.decode();
}

function hintFor(code: ErrorCode): string {
  if (code === "unauthorized") return " (give a token by LOGCTL_TOKEN or --token-file)";
  return code === "forbidden" ? " (logctl token list shows what each token may do)" : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
