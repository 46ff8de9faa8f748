import type { Connection } from "../../client/connection.ts";
import { readServerAddress } from "../../client/server-address.ts";
import type { CliContext } from "../../context.ts";
import { isLoopback } from "../../loopback.ts";
import { DEMO_TOKENS } from "../../schema/demo-tokens.ts";
import { type ConnectionFlags, connect } from "./connection-options.ts";

/** Whether a token was given at all, by flag or environment. */
export function hasToken({ token, tokenFile }: ConnectionFlags, { env }: CliContext): boolean {
  return token !== undefined || tokenFile !== undefined || Boolean(env["LOGCTL_TOKEN"]);
}

/**
 * Opens the connection that writes as `service`: with the token that was given, or else, towards a collector on this
 * machine, with the demo token of that service. No other collector has any business seeing one.
 */
export function connectAs(service: string | undefined, flags: ConnectionFlags, context: CliContext): Promise<Connection> {
  const { hostname } = new URL(readServerAddress(flags.url));
  return connect(flags, context, isLoopback(hostname) && service !== undefined ? DEMO_TOKENS[service] : undefined);
}
