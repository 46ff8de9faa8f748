/** Has what requests left behind collected once there is a second in which few come. */
export type Rest = {
  /** To be told of every request. */
  served(): void;
  stop(): void;
};

const LOOK_EVERY_MS = 1000;
/** So many in a second are no load: somebody asks for health, say. */
const FEW = 10;

/** `collect` gives back memory; by default the engine's garbage is collected, of which it is in no hurry to hear where there is no work. */
export function createRest(collect: () => void = () => Bun.gc(false), lookEveryMs = LOOK_EVERY_MS): Rest {
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
