export const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Whether only programs of this machine can reach what listens at `hostname`. */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || LOOPBACK.test(hostname);
}
