import { LogctlError } from "../../errors.ts";
import { type Filter, filterOf } from "../../query/filter.ts";
import { statsParametersSchema } from "../../schema/filter.ts";
import { parse } from "../../schema/parse.ts";
import {
  type FieldName,
  GROUP_PARAMETERS,
  groupParametersSchema,
  readFieldName,
  valuesParametersSchema,
} from "../../schema/stats.ts";
import type { StatsPlan, TallyPlan } from "../../store/stats-plan.ts";
import type { Store } from "../../store/store.ts";
import type { Identity } from "../access/identify.ts";
import { acceptedFormat } from "../http/accepted-format.ts";
import { answer, CONTENT_TYPES, damageHeader } from "../http/answer.ts";
import type { Asked } from "../http/asked.ts";
import { readParameters } from "../http/read-parameters.ts";
import { confine, queryOf } from "./read-filter.ts";

/** Where the values of one field are, by its name. */
export const FIELD_PATH = "/logs/fields/";

/** `GET /logs/stats`: how many records match, in all or by groups. */
export async function answerStats(store: Store, asked: Asked): Promise<Response> {
  const { request, queryString, identity } = asked;
  const parameters = parse(groupParametersSchema, readParameters(queryString, GROUP_PARAMETERS), "invalid_parameter");
  const { by, interval, time, top, of, distinct, ...filterParameters } = parameters;
  const plan: StatsPlan = {
    kind: "stats",
    filter: readFilter(filterParameters, identity),
    by,
    ...(interval !== undefined && { interval: { ms: interval, clock: time === "received_at" ? "received" : "timestamp" } }),
    ...(top !== undefined && { top }),
    ...(of !== undefined && { of }),
    ...(distinct !== undefined && { distinct }),
    format: formatOf(request),
  };
  return answerTally(store, plan, asked);
}

async function answerTally(store: Store, plan: TallyPlan, { request, identity }: Asked): Promise<Response> {
  const damaged = new Set<number>();
  const bytes = await store.tally({ ...plan, reader: identity.id }, request.signal, ({ id }) => damaged.add(id));
  return answer(bytes, 200, CONTENT_TYPES[plan.kind === "stats" ? plan.format : "json"], damageHeader(damaged));
}

/** `GET /logs/fields/<name>`: which values there are, the most frequent first. */
export async function answerValues(store: Store, asked: Asked): Promise<Response> {
  const { request, queryString, identity } = asked;
  const field = fieldOfPath(asked.path);
  const known = Object.keys(valuesParametersSchema.shape);
  const { top, ...filterParameters } = parse(valuesParametersSchema, readParameters(queryString, known), "invalid_parameter");
  const filter = readFilter(filterParameters, identity);
  const plan: StatsPlan = { kind: "stats", filter, by: [{ ...field, name: "value" }], top, format: formatOf(request) };
  return answerTally(store, plan, asked);
}

/** `GET /logs/fields`: which fields there are. */
export async function answerFields(store: Store, asked: Asked): Promise<Response> {
  const { queryString, identity } = asked;
  const known = Object.keys(statsParametersSchema.shape);
  const parameters = parse(statsParametersSchema, readParameters(queryString, known), "invalid_parameter");
  const plan = { kind: "fields", filter: readFilter(parameters, identity) } as const;
  return answerTally(store, plan, asked);
}

function readFilter(parameters: Parameters<typeof filterOf>[0], identity: Identity): Filter {
  return confine(filterOf(parameters, queryOf(parameters.q)), identity);
}

function formatOf(request: Request): "json" | "csv" {
  return acceptedFormat(request.headers.get("accept")) === "csv" ? "csv" : "json";
}

function fieldOfPath(path: string): FieldName {
  const field = readFieldName(decodeName(path.slice(FIELD_PATH.length)));
  if (field !== undefined) return field;
  const message =
    "of id, timestamp, received_at and message there is no list of values; ask for service, severity or an attribute";
  throw new LogctlError("invalid_parameter", message, { field: "name" });
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new LogctlError("invalid_parameter", `'${text}' is no escaped name of a field`, { field: "name", cause });
  }
}
