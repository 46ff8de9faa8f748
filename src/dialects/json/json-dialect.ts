import type { Dialect } from "../dialect.ts";
import { decodeInSteps, decodePlainRecord } from "./json-logs.ts";

/** Our own: JSON objects, one, many in an array, or one a line. */
export const JSON_DIALECT: Dialect = {
  name: "json",
  routes: [{ methods: ["POST", "PUT"], path: "/logs" }],
  decodeInSteps,
  decodePlain: decodePlainRecord,
  answer: (outcome) => ({
    status: outcome.rejected === 0 ? 200 : outcome.accepted > 0 ? 207 : 400,
    body: outcome,
  }),
};
