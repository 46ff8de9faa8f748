import { expect, test } from "bun:test";
import { isLoopback } from "../../../../src/loopback.ts";
import { checkHost, checkOrigin } from "../../../../src/server/access/check-host.ts";

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["localhost", true],
  ["::1", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.5", false],
  ["logs.example", false],
  ["localhost.example", false],
])("isLoopback(%j) is %p", (hostname, expected) => {
  expect(isLoopback(hostname)).toBe(expected);
});

test("checkHost lets through who names no host, and names what it refuses", () => {
  expect(() => checkHost(null)).not.toThrow();
  expect(() => checkHost("evil.example:8000")).toThrow("evil.example:8000");
});

test.each([null, "http://localhost", "http://localhost:3000", "https://127.0.0.1:8000", "http://[::1]:8000"])(
  "checkOrigin lets %p through",
  (origin) => {
    expect(() => checkOrigin(origin)).not.toThrow();
  },
);

test.each([
  "null",
  "",
  "https://evil.example",
  "http://localhost.evil.example",
  "http://evil.example/http://localhost",
  "chrome-extension://localhost",
  "file://",
])("checkOrigin refuses %p", (origin) => {
  expect(() => checkOrigin(origin)).toThrow(origin);
});
