import type { Severity } from "../../src/schema/severity.ts";

/** What a service writes: how often relative to its other lines, how severe, and the text with `{fields}` to fill in. */
export type Template = readonly [weight: number, severity: Severity, text: string];

/** What some service in any of its guises may write: the lines of the framework all of them are built on. */
const FRAMEWORK: readonly Template[] = [
  [4, "TRACE", "span {hex16} closed after {ms} ms, parent {hex16}"],
  [9, "DEBUG", "cache hit for key session:{hex16}, ttl {n} s"],
  [5, "DEBUG", "acquired connection {n} from pool primary, {n} idle"],
  [0.2, "ERROR", "unhandled exception in {path}: TypeError: Cannot read properties of undefined (reading 'id'){nodeStack}"],
  [0.02, "CRITICAL", "out of file descriptors, refusing new connections on {host}"],
];

/** The services, how much each writes relative to the others, and what. */
export const SERVICES: readonly { name: string; weight: number; templates: readonly Template[] }[] = [
  {
    name: "gateway",
    weight: 28,
    templates: [
      [60, "INFO", "{method} {path} {okStatus} {bytes} bytes in {ms} ms from {ip}"],
      [9, "WARN", '{method} {path} 404 from {ip} "{agent}"'],
      [5, "WARN", "rate limit of {n} requests per minute exceeded by {ip}"],
      [4, "ERROR", "upstream {host}:{port} answered {badStatus} for {method} {path} after {ms} ms"],
      [8, "DEBUG", "route {path} resolved to {host}:{port} ({region})"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "auth",
    weight: 12,
    templates: [
      [30, "INFO", "user {user} signed in from {ip} using {agent}"],
      [14, "INFO", "token {uuid} refreshed for user {user}"],
      [6, "INFO", "password reset mail sent to {email}"],
      [7, "WARN", "failed sign-in for {email} from {ip}: wrong password, attempt {n}"],
      [2, "ERROR", "session store lookup of {uuid} timed out after {ms} ms"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "checkout",
    weight: 9,
    templates: [
      [24, "INFO", "order {uuid} placed by {user}: {n} items, {amount} EUR"],
      [16, "INFO", "cart {hex8} updated: added {sku} x{n}"],
      [5, "WARN", "stock of {sku} changed while order {uuid} was open"],
      [2, "ERROR", "order {uuid} could not be completed: {text}"],
      [6, "DEBUG", "price rule {n} applied to cart {hex8}, discount {amount} EUR"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "payments",
    weight: 8,
    templates: [
      [30, "INFO", "payment pay_{hex16} of {amount} EUR captured in {ms} ms"],
      [5, "INFO", "refund of {amount} EUR issued for pay_{hex16}: {text}"],
      [6, "WARN", "payment pay_{hex16} declined by issuer: insufficient funds"],
      [2, "ERROR", "ledger write for pay_{hex16} failed, rolled back: {text}"],
      [0.1, "CRITICAL", "ledger out of balance by {amount} EUR, payouts stopped in {region}"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "search",
    weight: 10,
    templates: [
      [34, "INFO", 'query "{text}" matched {n} documents in {ms} ms'],
      [5, "WARN", 'slow query ({ms} ms) on shard {n}: "{text}"'],
      [9, "DEBUG", "segment {hex8} merged, {bytes} bytes written in {ms} ms"],
      [1, "ERROR", "shard {n} on {host} is not available, answered from replica {host}"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "orders-db",
    weight: 7,
    templates: [
      [20, "INFO", "checkpoint complete: wrote {n} buffers, {bytes} bytes; sync {ms} ms"],
      [10, "INFO", "duration: {ms}.{n} ms  statement: SELECT id, state FROM orders WHERE customer_id = {id} LIMIT {n}"],
      [4, "WARN", "process {id} still waiting for ShareLock on transaction {id} after {ms} ms"],
      [2, "ERROR", 'duplicate key value violates unique constraint "orders_pkey": Key (id)=({id}) already exists'],
      ...FRAMEWORK,
    ],
  },
  {
    name: "mailer",
    weight: 5,
    templates: [
      [22, "INFO", "message {hex16} delivered to {email} via {host} in {ms} ms"],
      [6, "WARN", "message {hex16} deferred by {host}: 451 4.7.1 try again later"],
      [2, "ERROR", "message {hex16} bounced: 550 5.1.1 {email} unknown"],
      [4, "DEBUG", "rendered template {text} for user {user} in {ms} ms"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "worker",
    weight: 8,
    templates: [
      [26, "INFO", "job {uuid} ({text}) finished in {ms} ms, attempt {n}"],
      [12, "DEBUG", "job {uuid} picked up by worker-{n} from queue default"],
      [4, "WARN", "job {uuid} will be tried again in {n} s: {text}"],
      [1.6, "ERROR", "job {uuid} failed{pythonStack}"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "inventory",
    weight: 4,
    templates: [
      [18, "INFO", "{sku} counted at warehouse {region}: {n} pieces, expected {n}"],
      [8, "INFO", "supplier feed {path}.csv imported: {id} rows in {ms} ms"],
      [3, "WARN", "{sku} is below its reorder level ({n} left)"],
      [1.2, "ERROR", "feed row {id} rejected: {text}"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "billing-java",
    weight: 4,
    templates: [
      [18, "INFO", "[http-nio-{port}-exec-{n}] invoice {id} rendered for account {id}, {bytes} bytes"],
      [5, "WARN", "HikariPool-1 - connection is not available, request timed out after {ms} ms"],
      [1.5, "ERROR", "could not post invoice {id}: {text}{javaStack}"],
      [5, "DEBUG", "GC pause (G1 Evacuation) {n} M -> {n} M, {ms} ms"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "kube-node",
    weight: 3,
    templates: [
      [14, "INFO", "pulled image registry.internal/{text}:{hex8} in {ms} ms"],
      [8, "INFO", "started container {hex16} in pod {host}-{hex8}"],
      [4, "WARN", "readiness probe of pod {host}-{hex8} failed: HTTP {badStatus}"],
      [1, "ERROR", "back-off restarting failed container {hex16} on {host}"],
      ...FRAMEWORK,
    ],
  },
  {
    name: "cron",
    weight: 2,
    templates: [
      [14, "INFO", "({user}) CMD (/usr/local/bin/rotate {path} --keep {n})"],
      [6, "INFO", "backup {uuid} uploaded to {region}, {bytes} bytes in {ms} ms"],
      [2, "WARN", "task {text} overran its slot by {ms} ms"],
      [0.2, "CRITICAL", "backup {uuid} is not readable: checksum {hex16} differs"],
      ...FRAMEWORK,
    ],
  },
];
