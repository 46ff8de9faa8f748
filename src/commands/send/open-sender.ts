import { afterGrace } from "../../client/after-grace.ts";
import type { Connection } from "../../client/connection.ts";
import { type Delivery, type DeliveryOptions, openDelivery } from "../../client/delivery.ts";
import type { Outbox } from "../../client/outbox.ts";
import type { SpoolPolicy } from "../../client/spool/spool-policy.ts";
import { type Keeps, openSpoolingOutbox } from "../../client/spool/spooling-outbox.ts";
import { openStraightOutbox } from "../../client/straight-outbox.ts";
import type { CliContext } from "../../context.ts";
import { sanitizeText } from "../../render/text/sanitize.ts";
import type { DeliveryTally } from "../report/delivery-tally.ts";

export type SenderOptions = {
  connection: Connection;
  delivery: Delivery;
  policy: SpoolPolicy | undefined;
  keeps: Keeps;
  /** Of what this process sends, and of what earlier ones left; both only count what went by way of the spool here. */
  tallies: { own: DeliveryTally; earlier: DeliveryTally };
  /** Writes a line that a person should see at once. */
  say(line: string, about: "collector" | "spool"): void;
  /** Shared by all senders of a process. */
  away: { isTold: boolean };
};

/** How long what was read may still take to go out after Ctrl-C, where it is on disk already. */
const GRACE_MS = 5_000;

/** The delivery that goes with a spool, or with none. */
export function openSenderDelivery(
  policy: SpoolPolicy | undefined,
  { signal, now }: CliContext,
  more: Pick<DeliveryOptions, "retryForMs"> = {},
): Delivery {
  if (policy === undefined) return openDelivery({ signal, now, ...more });
  return openDelivery({ signal: afterGrace(signal, GRACE_MS), graceMs: 0, now, ...more });
}

/** The way of records to the collector, by the spool that the flags say, which tells when something waits there. */
export function openSender(
  { connection, delivery, policy, keeps, tallies, say, away }: SenderOptions,
  context: CliContext,
): Outbox {
  if (policy === undefined) return openStraightOutbox(connection, delivery);
  const { signal, now } = context;
  return openSpoolingOutbox({
    ...{ connection, delivery, policy, keeps, signal, now, away },
    onSpooledPart({ answer }, isOwn) {
      tallies[isOwn ? "own" : "earlier"].add(answer, () => "a record that was spooled");
    },
    notice: (sentence, about) => say(`logctl: ${sanitizeText(sentence)}`, about),
  });
}
