export type IdleCollection = {
  /** To be told of every request. */
  served(): void;
  stop(): void;
};

const LOOK_EVERY_MS = 1000;
/** So many in a second are no load: somebody asks for health, say. */
const FEW = 10;

/**
 * Has what requests left behind collected once there is a second in which few come: the engine itself is in no hurry where
 * there is no work. `collect` gives back memory; by default the engine's garbage is collected, compiled code is kept.
 */
export function collectWhenIdle(collect: () => void = () => Bun.gc(false), lookEveryMs = LOOK_EVERY_MS): IdleCollection {
  let requests = 0;
  let atLastLook = 0;
  let atLastCollection = 0;
  const looking = setInterval(() => {
    if (requests > atLastCollection && requests - atLastLook <= FEW) {
      atLastCollection = requests;
      collect();
    }
    atLastLook = requests;
  }, lookEveryMs);
  looking.unref();
  return {
    served() {
      requests += 1;
    },
    stop: () => clearInterval(looking),
  };
}
