import type { RobotDocument, UserDocument } from "../store/collections.ts";

/** Who asks, as an edge found out. Rules read it; they never see a request or a window. */
export interface Caller {
  /** Absent for who is not signed in, and for a robot. */
  user?: UserDocument;
  /** A program's account; then there is no user. */
  robot?: RobotDocument;
  /** Limits what a token may do to the projects and actions it was made for; absent when the user may use all rights. */
  grants?: readonly Grant[];
  /** When the token was issued, RFC 3339. */
  issued?: string;
  /** Where from, for the log: an address, or `window`. */
  from: string;
  agent: string;
  /** The session that identified the caller, if one did. */
  session?: string | undefined;
  /** Hands a fresh session's token to the edge, which keeps it as its kind does; `undefined` forgets it. */
  keep(token: string | undefined): Promise<void>;
}

/** One entry of a token's `access` list. */
export interface Grant {
  type: string;
  name: string;
  actions: readonly string[];
}

/** Someone not signed in, for tests and for the registry's own work. */
export function anonymous(from: string): Caller {
  return { from, agent: "", keep: () => Promise.resolve() };
}
