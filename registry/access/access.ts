import type { SecretStore } from "../config.ts";
import type { Settings } from "../contract/configuration.ts";
import type { Collections } from "../store/collections.ts";
import type { Sequence } from "../store/sequence.ts";
import { createPasswords } from "./passwords.ts";
import { createReset, type Reset } from "./reset.ts";
import { createRobots, type Robots, type RobotsDeps } from "./robots.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSignIn, type Directory, type SignIn } from "./sign-in.ts";
import { createThrottle } from "./throttle.ts";
import { openTokens, type Tokens } from "./tokens.ts";
import { createUsers, type Users } from "./users.ts";

interface Deps extends Pick<RobotsDeps, "authorize" | "events" | "locks"> {
  collections: Collections;
  secrets: SecretStore;
  settings: {
    readonly current: Pick<
      Settings,
      "self_registration" | "session_timeout" | "token_expiration" | "robot_token_duration"
    >;
  };
  sequence: Sequence;
  directory: Directory;
  now: () => Date;
  /** Sends the letter with a link to a new password. */
  deliver(to: string, link: string): void;
  /** The address that people reach this registry by, without a slash at the end. */
  base(): string;
  firstPasswordChanged(): Promise<void>;
}

export interface Access {
  users: Users;
  robots: Robots;
  signIn: SignIn;
  reset: Reset;
  sessions: Sessions;
  tokens: Tokens;
}

/** Who people are and how they prove it, joined. */
export async function openAccess(deps: Deps): Promise<Access> {
  const { collections, secrets, settings, sequence, directory, now, deliver, base } = deps;
  const passwords = createPasswords(now);
  const sessions = createSessions(collections, now);
  const throttle = createThrottle(now);
  const tokens = await openTokens(secrets, now, () => settings.current.token_expiration * 60);
  const byDirectory = (): boolean => directory.active();
  const signIn = createSignIn({
    collections,
    passwords,
    sessions,
    throttle,
    directory,
    browserMinutes: () => settings.current.session_timeout,
    forgetLinks: (user_id) => reset.forget(user_id),
  });
  const reset: Reset = createReset({
    collections,
    deliver,
    base,
    setPassword: (user_id, password) => users.setPassword(user_id, password),
    byDirectory,
    now,
  });
  const users = createUsers({
    collections,
    passwords,
    sessions,
    throttle,
    sequence,
    now,
    byDirectory,
    selfRegistration: () => settings.current.self_registration,
    forgetLinks: reset.forget,
    renew: signIn.open,
    firstPasswordChanged: deps.firstPasswordChanged,
  });
  const robots = createRobots({ ...deps, passwords, throttle });
  return { users, robots, signIn, reset, sessions, tokens };
}
