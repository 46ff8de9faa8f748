import { LogctlError } from "../../errors.ts";
import { REPEATABLE_PARAMETERS } from "../../schema/filter.ts";

/** Names under which people put secrets into addresses, from where they get into logs and histories. */
const SECRET_NAMES = ["token", "access_token", "api_key", "apikey", "authorization"];

/** Throws `token_in_url` where the query string (without its `?`) seems to carry a token. */
export function refuseSecrets(queryString: string): void {
  if (queryString === "") return;
  for (const name of new URLSearchParams(queryString).keys()) {
    if (!SECRET_NAMES.includes(name.toLowerCase())) continue;
    throw new LogctlError("token_in_url", `'${name}' in the address: send the token in the Authorization header instead`, {
      field: name,
    });
  }
}

/**
 * The parameters of a query string as a plain object; the repeatable ones as lists. Throws `invalid_parameter` for one that
 * is not among `known`, or that is given twice and cannot be.
 */
export function readParameters(queryString: string, known: readonly string[]): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(queryString)) {
    if (!known.includes(name)) {
      throw new LogctlError("invalid_parameter", `${name}: no such parameter; there are ${known.join(", ")}`, { field: name });
    }
    const earlier = parameters[name];
    if (REPEATABLE_PARAMETERS.includes(name)) parameters[name] = [...(earlier ?? []), value];
    else if (earlier === undefined) parameters[name] = value;
    else throw new LogctlError("invalid_parameter", `${name}: given more than once`, { field: name });
  }
  return parameters;
}
