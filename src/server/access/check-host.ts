import { LogctlError } from "../../errors.ts";
import { LOOPBACK } from "../../loopback.ts";

/**
 * Throws `host_refused` where a request to a loopback address names another host: a web page that had its own name
 * point to this machine could else read the logs (DNS rebinding). HTTP/1.0 clients name none.
 */
export function checkHost(host: string | null): void {
  if (host === null || LOOPBACK.test(host)) return;
  throw new LogctlError(
    "host_refused",
    `a collector on this machine only is asked for by localhost or 127.0.0.1, not by '${host}'`,
  );
}

/**
 * Throws `site_refused` where a browser says that a page of another site or origin asks (Fetch Metadata, `Sec-Fetch-Site`). Unlike
 * `Origin` it comes with images and links too. Programs send none.
 */
export function checkSite(site: string | null): void {
  if (site === null || site === "same-origin" || site === "none") return;
  throw new LogctlError("site_refused", `a web page of another site has no access to a collector (Sec-Fetch-Site: ${site})`);
}

/**
 * Throws `origin_refused` where a request to a loopback address comes from a web page of another site: it has no business
 * with what is on this machine. Programs name no origin.
 */
export function checkOrigin(origin: string | null): void {
  if (origin === null || LOOPBACK.test(origin.replace(/^https?:\/\//i, ""))) return;
  throw new LogctlError("origin_refused", `a web page of '${origin}' has no access to a collector on this machine`);
}
