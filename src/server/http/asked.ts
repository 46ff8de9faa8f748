import type { Identity } from "../access/identify.ts";

/** A request that was let in. */
export type Asked = {
  request: Request;
  /** As it was sent, without a slash at its end. */
  path: string;
  queryString: string;
  identity: Identity;
  /** Throws once its token may not do any more what it does. */
  check: () => void;
};
