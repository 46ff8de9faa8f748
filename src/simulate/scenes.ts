import type { Severity } from "../schema/severity.ts";
import type { Random } from "./random.ts";

/** Something that happens in a service, told as it would tell it. */
export type Scene = {
  severity: Severity;
  /** How often it happens, relative to the others of its service. */
  weight: number;
  tell(random: Random): { message: string; attributes: Record<string, unknown> };
};

const REPORTS = ["sales-weekly", "churn-monthly", "inventory-daily", "revenue-by-region", "signup-funnel"];
const FORMATS = ["pdf", "xlsx", "csv"];
const CURRENCIES = ["EUR", "USD", "GBP"];
const METHODS = ["card", "sepa", "wallet"];
const ROOMS = ["general", "support", "release-42", "random", "on-call"];
const PATHS = ["/", "/login", "/api/items", "/api/items/17", "/api/orders", "/static/app.js"];
const PEOPLE = ["amira", "jonas", "mei", "oluwaseun", "sofía", "yuki", "björn", "priya"];

const amount = (random: Random) => random.between(199, 49_999) / 100;

const reports: Scene[] = [
  {
    severity: "INFO",
    weight: 10,
    tell(random) {
      const [report, format] = [random.pick(REPORTS), random.pick(FORMATS)];
      const durationMs = random.between(180, 4200);
      return {
        message: `report ${report} generated as ${format} in ${durationMs} ms`,
        attributes: { report, format, duration_ms: durationMs, rows: random.between(40, 90_000) },
      };
    },
  },
  {
    severity: "DEBUG",
    weight: 4,
    tell(random) {
      const report = random.pick(REPORTS);
      return { message: `cache hit for ${report}`, attributes: { report, cache_age_s: random.between(1, 900) } };
    },
  },
  {
    severity: "WARN",
    weight: 3,
    tell(random) {
      const [report, durationMs] = [random.pick(REPORTS), random.between(8000, 29_000)];
      return {
        message: `slow query for ${report}: ${durationMs} ms`,
        attributes: { report, duration_ms: durationMs, query_id: random.hex(8) },
      };
    },
  },
  {
    severity: "ERROR",
    weight: 2,
    tell(random) {
      const report = random.pick(REPORTS);
      return {
        message: `report ${report} failed: the warehouse did not answer within 30 s`,
        attributes: { report, attempt: random.between(1, 3), error: { type: "TimeoutError", code: "ETIMEDOUT" } },
      };
    },
  },
];

const payments: Scene[] = [
  {
    severity: "INFO",
    weight: 10,
    tell(random) {
      const [paymentId, value, currency] = [`pay_${random.hex(8)}`, amount(random), random.pick(CURRENCIES)];
      return {
        message: `payment ${paymentId} of ${value.toFixed(2)} ${currency} captured`,
        attributes: { payment_id: paymentId, amount: value, currency, method: random.pick(METHODS) },
      };
    },
  },
  {
    severity: "INFO",
    weight: 2,
    tell(random) {
      const paymentId = `pay_${random.hex(8)}`;
      return { message: `refund issued for ${paymentId}`, attributes: { payment_id: paymentId, amount: amount(random) } };
    },
  },
  {
    severity: "WARN",
    weight: 3,
    tell(random) {
      const [paymentId, reason] = [
        `pay_${random.hex(8)}`,
        random.pick(["insufficient_funds", "expired_card", "suspected_fraud"]),
      ];
      return {
        message: `payment ${paymentId} declined: ${reason.replace("_", " ")}`,
        attributes: { payment_id: paymentId, reason, retryable: reason === "insufficient_funds" },
      };
    },
  },
  {
    severity: "ERROR",
    weight: 2,
    tell(random) {
      const status = random.pick([502, 503, 504]);
      return {
        message: `payment gateway answered ${status}, trying again`,
        attributes: { gateway: random.pick(["north", "south"]), status, request_id: random.hex(16) },
      };
    },
  },
  {
    severity: "CRITICAL",
    weight: 1,
    tell(random) {
      const difference = amount(random);
      return {
        message: `ledger out of balance by ${difference.toFixed(2)} EUR, payouts stopped`,
        attributes: { difference, currency: "EUR", ledger: `2026-${String(random.between(1, 12)).padStart(2, "0")}` },
      };
    },
  },
];

const chat: Scene[] = [
  {
    severity: "INFO",
    weight: 8,
    tell(random) {
      const [user, room] = [random.pick(PEOPLE), random.pick(ROOMS)];
      return { message: `${user} joined #${room}`, attributes: { user, room, online: random.between(2, 240) } };
    },
  },
  {
    severity: "DEBUG",
    weight: 6,
    tell(random) {
      const room = random.pick(ROOMS);
      return {
        message: `message delivered in #${room}`,
        attributes: { room, message_id: random.hex(12), recipients: random.between(1, 240), latency_ms: random.between(2, 90) },
      };
    },
  },
  {
    severity: "TRACE",
    weight: 3,
    tell: (random) => ({
      message: "heartbeat",
      attributes: { connection_id: random.hex(6), round_trip_ms: random.between(3, 300) },
    }),
  },
  {
    severity: "WARN",
    weight: 3,
    tell(random) {
      const user = random.pick(PEOPLE);
      return {
        message: `rate limit reached by ${user}`,
        attributes: { user, room: random.pick(ROOMS), messages_per_minute: random.between(61, 400) },
      };
    },
  },
  {
    severity: "ERROR",
    weight: 1,
    tell(random) {
      const code = random.pick([1006, 1011]);
      return { message: `websocket closed unexpectedly (${code})`, attributes: { code, user: random.pick(PEOPLE) } };
    },
  },
];

const anyService: Scene[] = [
  {
    severity: "INFO",
    weight: 10,
    tell(random) {
      const [path, durationMs] = [random.pick(PATHS), random.between(1, 400)];
      return {
        message: `GET ${path} 200 in ${durationMs} ms`,
        attributes: { method: "GET", path, status: 200, duration_ms: durationMs, request_id: random.hex(16) },
      };
    },
  },
  {
    severity: "WARN",
    weight: 2,
    tell(random) {
      const path = random.pick(PATHS);
      return {
        message: `GET ${path} 404`,
        attributes: { method: "GET", path, status: 404, client: `203.0.113.${random.between(1, 254)}` },
      };
    },
  },
  {
    severity: "ERROR",
    weight: 1,
    tell(random) {
      const path = random.pick(PATHS);
      return { message: `POST ${path} 500: database connection refused`, attributes: { method: "POST", path, status: 500 } };
    },
  },
];

const SCENES = new Map([
  ["reports", reports],
  ["payments", payments],
  ["chat", chat],
]);

/** What may happen in a service; one that is not known serves web pages. */
export function scenesOf(service: string | undefined): readonly Scene[] {
  return SCENES.get(service ?? "") ?? anyService;
}
