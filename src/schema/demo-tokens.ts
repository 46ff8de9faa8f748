/**
 * The tokens of the challenge's examples, by the service each writes as. A fresh collector on loopback accepts them
 * until a token of its own is made. Without a prototype, so that a service called `constructor` is none of them.
 */
export const DEMO_TOKENS: Readonly<Record<string, string>> = Object.freeze(
  Object.assign(Object.create(null), {
    reports: "svc-reports-123",
    payments: "svc-payments-456",
    chat: "svc-chat-789",
  }),
);

export const DEMO_SERVICES: readonly string[] = Object.keys(DEMO_TOKENS);
