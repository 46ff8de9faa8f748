import { isLoopback } from "./loopback.ts";

/**
 * Whether the proxy that the environment names may carry a request: only one that is encrypted to its end, so that the proxy
 * sees neither token nor logs, and never one to this machine.
 */
export function mayUseProxy({ protocol, hostname }: Pick<URL, "protocol" | "hostname">): boolean {
  return protocol === "https:" && !isLoopback(hostname);
}
