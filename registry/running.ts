import type { Caller } from "./access/caller.ts";
import type { RegistryEvent } from "./contract/event.ts";
import type { TlsState } from "./contract/tls.ts";
import type { Archives } from "./archives/archives.ts";

/** The registry while it runs: what the window, the server and tests ask of it. */
export interface Registry {
  /** Runs an operation of the contract: `projects.create`. Throws `Fault`. */
  call(name: string, input: unknown, caller: Caller): Promise<unknown>;
  /** Who a session's token belongs to; nobody, if it is no good. */
  caller(token: string | undefined, about: Pick<Caller, "from" | "agent" | "keep">): Promise<Caller>;
  /** Tells what happens in projects that the caller, asked for anew each time, may see. Returns how to end it. */
  subscribe(caller: () => Promise<Caller>, listener: (event: RegistryEvent) => void): () => void;
  /** Projects and repositories as files, for the window: over HTTP they have a path of their own. */
  readonly archives: Archives;
  /** Answers requests. Throws `CONFLICT` for a port that is taken. */
  start(): Promise<{ host: string; port: number; address: string }>;
  /** How it answers over TLS. */
  tls(): TlsState;
  /** Ends requests, lets writes finish, and gives the data folder back. */
  stop(): Promise<void>;
  /** The network is back, or the machine woke up: jobs that wait to be tried again are tried at once. */
  wake(): void;
  /** The administrator has no password yet. */
  firstStart(): Promise<boolean>;
  /** Sets a user's password from the machine itself, without the old one. */
  setPassword(user_id: number, password: string): Promise<void>;
}
