import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { session as operations, User } from "../contract/users.ts";
import type { Collections, UserDocument } from "../store/collections.ts";
import type { Caller } from "./caller.ts";
import type { Passwords } from "./passwords.ts";
import { robotPrefix } from "./robots.ts";
import type { Sessions } from "./sessions.ts";
import type { Throttle } from "./throttle.ts";
import { adminId, toUser } from "./users.ts";

/** Users that somebody else keeps: an LDAP directory. */
export interface Directory {
  /** Whether users are the directory's now. */
  active(): boolean;
  /** The user, made or refreshed from the directory, if the password is right. Throws `SERVICE_UNAVAILABLE` when it is out of reach. */
  signIn(principal: string, password: string): Promise<UserDocument | undefined>;
  /** The same for credentials that come with every request: what the directory said may be a minute old. */
  verify(principal: string, password: string): Promise<UserDocument | undefined>;
}

export interface SignIn {
  session: Handlers<typeof operations, Caller>;
  /** The user of that name or e-mail address, if the password is right. Takes as long for who does not exist. */
  verify(principal: string, password: string, from: string): Promise<UserDocument | undefined>;
  /** Makes a session and hands its token to the caller's edge. */
  open(user: UserDocument, caller: Caller): Promise<User>;
}

interface Deps {
  collections: Pick<Collections, "users" | "sessions">;
  passwords: Passwords;
  sessions: Sessions;
  throttle: Throttle;
  directory: Directory;
  /** Minutes that a browser's session lives on after its last use. */
  browserMinutes(): number;
  /** Makes every link to a new password worthless. */
  forgetLinks(user_id: number): Promise<void>;
}

/** The window's session stays, as its machine is its owner's. */
const windowMinutes = 30 * 24 * 60;

export function createSignIn({
  collections,
  passwords,
  sessions,
  throttle,
  directory,
  browserMinutes,
  forgetLinks,
}: Deps): SignIn {
  const { users } = collections;

  async function check(
    principal: string,
    password: string,
    ask: Directory["signIn"],
  ): Promise<UserDocument | undefined> {
    const named =
      (await users.find({ username: principal })) ?? (await users.find({ email: principal.toLowerCase() }));
    // A robot signs in by Basic auth alone, and no directory hears its secret.
    if (principal.startsWith(robotPrefix)) return undefined;
    // The built-in administrator is always this registry's own, whatever the directory says.
    if (directory.active() && named?.user_id !== adminId) {
      return password === "" ? undefined : ask(principal, password);
    }
    if (!(await passwords.verify(password, named?.password)) || !named) return undefined;
    // Checking takes a while: a password that was changed meanwhile is not the password any more.
    const fresh = await users.get(String(named.user_id));
    return fresh?.password === named.password ? fresh : undefined;
  }

  const verify: SignIn["verify"] = (principal, password, from) =>
    throttle.attempt(principal, from, () => check(principal, password, directory.verify));

  async function open(user: UserDocument, caller: Caller): Promise<User> {
    const { from, agent } = caller;
    const minutes = from === "window" ? windowMinutes : browserMinutes();
    // A session that was there before the sign-in is not the one after it.
    if (caller.session) await sessions.close(caller.session);
    await caller.keep(await sessions.open(user.user_id, { from, agent, minutes }));
    return toUser(user);
  }

  return {
    verify,
    open,

    session: {
      async open({ principal, password }, caller) {
        const user = await throttle.attempt(principal, caller.from, () =>
          check(principal, password, directory.signIn),
        );
        if (!user) throw new Fault("UNAUTHORIZED", "the name or the password is not right");
        // Who knows the password needs no link: one that is still on its way is of use to others alone.
        await forgetLinks(user.user_id);
        return open(user, caller);
      },

      async close(_, caller) {
        if (caller.session) await sessions.close(caller.session);
        await caller.keep(undefined);
      },

      async list({ page, page_size }, caller) {
        const mine = await sessions.of(caller.user?.user_id ?? 0);
        const items = mine.slice((page - 1) * page_size, page * page_size);
        return {
          items: items.map(({ hash, created, expires, from, agent }) => {
            return { id: hash, created, expires, from, agent, current: hash === caller.session };
          }),
          total: mine.length,
        };
      },

      async end({ id }, caller) {
        const mine = await sessions.of(caller.user?.user_id ?? 0);
        if (!mine.some((session) => session.hash === id))
          throw new Fault("NOT_FOUND", "you have no such session");
        await sessions.close(id);
        if (id === caller.session) await caller.keep(undefined);
      },
    },
  };
}
