import { LogctlError } from "../../errors.ts";
import type { Filter } from "../../query/filter.ts";
import { parseQuery } from "../../query/parse-query.ts";
import type { Query } from "../../query/query.ts";
import type { Identity } from "../access/identify.ts";

export function queryOf(q: string | undefined): Query | undefined {
  return q === undefined ? undefined : parseQuery(q);
}

/** A token that is bound to a service reads that service's logs only. */
export function confine(filter: Filter, { reads }: Identity): Filter {
  if (reads === undefined) return filter;
  const other = filter.services.find((service) => service !== reads);
  if (other === undefined) return { ...filter, services: [reads] };
  throw new LogctlError("forbidden", `this token reads the logs of '${reads}' only, not of '${other}'`, { field: "service" });
}
