import type { Random } from "../../src/simulate/random.ts";

const PATHS = [
  "/",
  "/login",
  "/api/v1/items",
  "/api/v1/orders",
  "/api/v2/search",
  "/static/app.js",
  "/healthz",
  "/account/settings",
];
const HOSTS = ["web", "api", "db", "cache", "edge", "queue"];
const REGIONS = ["eu-central-1", "eu-west-3", "us-east-1", "ap-south-1"];
const NAMES = ["amira", "jonas", "mei", "oluwaseun", "sofía", "yuki", "björn", "priya", "marek", "chiara", "dmitri", "fatima"];
const DOMAINS = ["example.com", "example.org", "mail.example.net"];
const AGENTS = ["Mozilla/5.0 Firefox/141.0", "Mozilla/5.0 Chrome/139.0.0.0 Safari/537.36", "curl/8.14.1", "okhttp/4.12.0"];
const METHODS = ["GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE"];
const OK_STATUS = ["200", "200", "200", "200", "201", "204", "302", "304"];
const BAD_STATUS = ["500", "502", "503", "504"];
const FUNCTIONS = [
  "loadAccount",
  "handleRequest",
  "applyDiscount",
  "saveOrder",
  "renderInvoice",
  "processTicksAndRejections",
  "retry",
];
const FILES = ["account", "router", "discount", "order-store", "invoice", "queue", "retry"];
const WORDS = (
  "green blue wireless kettle winter jacket monthly report customer shipment partial delayed address missing voucher expired " +
  "import nightly export summary garden chair cotton mismatch currency unexpected response supplier warehouse label printer " +
  "carrier returned parcel invoice draft review account merge archive cleanup index rebuild thumbnail resize reminder " +
  "subscription renewal invalid format column header quantity negative rounding tax region blocked manual approval pending"
).split(" ");

const number = (random: Random, max: number) => String(random.between(1, max));
const hex = (random: Random, words: number) =>
  Array.from({ length: words }, () =>
    Math.floor(random.next() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
const lines = (random: Random, line: () => string) => Array.from({ length: random.between(4, 9) }, line).join("");

/** As many milliseconds as requests take: mostly a few, sometimes very many. */
const duration = (random: Random) => Math.floor(1 + 12 / (random.next() + 0.003));

function uuid(random: Random): string {
  const digits = hex(random, 4);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20)}`;
}

/** What stands for each `{field}` of a template. */
export const FIELDS: Readonly<Record<string, (random: Random) => string>> = {
  agent: (random) => random.pick(AGENTS),
  amount: (random) => (random.between(199, 49_999) / 100).toFixed(2),
  badStatus: (random) => random.pick(BAD_STATUS),
  bytes: (random) => number(random, 2_000_000),
  email: (random) => `${random.pick(NAMES)}${number(random, 9_999)}@${random.pick(DOMAINS)}`,
  hex16: (random) => hex(random, 2),
  hex32: (random) => hex(random, 4),
  hex8: (random) => hex(random, 1),
  host: (random) => `${random.pick(HOSTS)}-${number(random, 24)}.internal`,
  id: (random) => number(random, 9_999_999),
  ip: (random) => `${random.between(11, 223)}.${random.between(0, 255)}.${random.between(0, 255)}.${random.between(1, 254)}`,
  javaStack: (random) =>
    lines(
      random,
      () => `\n\tat com.example.billing.${random.pick(FUNCTIONS)}(${random.pick(FILES)}.java:${number(random, 400)})`,
    ),
  method: (random) => random.pick(METHODS),
  ms: (random) => String(duration(random)),
  n: (random) => number(random, 99),
  nodeStack: (random) =>
    lines(
      random,
      () =>
        `\n    at ${random.pick(FUNCTIONS)} (/srv/app/dist/${random.pick(FILES)}.js:${number(random, 900)}:${number(random, 80)})`,
    ),
  okStatus: (random) => random.pick(OK_STATUS),
  path: (random) => (random.next() < 0.5 ? random.pick(PATHS) : `${random.pick(PATHS)}/${number(random, 99_999)}`),
  port: (random) => String(random.between(3000, 3020)),
  pythonStack: (random) =>
    `\nTraceback (most recent call last):${lines(
      random,
      () => `\n  File "/srv/worker/${random.pick(FILES)}.py", line ${number(random, 700)}, in ${random.pick(FUNCTIONS)}`,
    )}`,
  region: (random) => random.pick(REGIONS),
  sku: (random) => `SKU-${String(random.between(10_000, 64_999))}`,
  text: (random) => Array.from({ length: random.between(3, 7) }, () => random.pick(WORDS)).join(" "),
  user: (random) => `${random.pick(NAMES)}${number(random, 4_000)}`,
  uuid,
};

type InFlight = { request_id: string; user_id?: number };

/** Requests that are being served at one time, and how likely a line is the last of its request: five lines each on average. */
const IN_FLIGHT = 32;
const LAST_LINE_SHARE = 0.2;

/**
 * Attributes as request middleware adds them, on about six records of ten. The lines of one request have its id and its
 * user in common, with lines of other requests in between.
 */
export function createAttributes(random: Random): () => Record<string, unknown> | undefined {
  const begin = (): InFlight => ({
    request_id: hex(random, 4),
    ...(random.next() < 0.7 && { user_id: random.between(1, 50_000) }),
  });
  const inFlight = Array.from({ length: IN_FLIGHT }, begin);
  return () => {
    if (random.next() >= 0.6) return undefined;
    const slot = random.between(0, IN_FLIGHT - 1);
    const request = inFlight[slot];
    if (random.next() < LAST_LINE_SHARE) inFlight[slot] = begin();
    return {
      ...request,
      ...(random.next() < 0.5 && { status: Number(random.pick(OK_STATUS)) }),
      ...(random.next() < 0.5 && { duration_ms: duration(random) }),
      ...(random.next() < 0.08 && {
        http: { method: random.pick(METHODS), route: random.pick(PATHS), bytes: random.between(90, 90_000) },
      }),
    };
  };
}
