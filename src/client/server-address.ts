import { LogctlError } from "../errors.ts";

export const DEFAULT_URL = "http://127.0.0.1:8000";

/**
 * The base of a collector's address: what comes before `/logs`. Takes a base URL, or one that ends in `/logs` as the
 * challenge writes it. Throws `usage` where it is no http(s) URL or carries credentials.
 */
export function readServerAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new LogctlError("usage", `--url '${hideCredentials(text)}' is no address of a collector; write it as ${DEFAULT_URL}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new LogctlError("usage", "--url carries no token and no parameters; give the token by LOGCTL_TOKEN or --token-file");
  }
  return url.origin + url.pathname.replace(/\/+$/, "").replace(/\/logs$/, "");
}

/** What stands before an `@` may be a password, and parameters may hold a token: neither is shown. */
function hideCredentials(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/isu, "$1...@").replace(/[?#].*$/su, "?...");
}
