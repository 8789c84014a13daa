import { randomInt } from "node:crypto";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { session as sessionOperations, User, users as userOperations } from "../contract/users.ts";
import type { Collections, UserDocument } from "../store/collections.ts";
import { listingOf } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";
import type { Passwords } from "./passwords.ts";
import type { Sessions } from "./sessions.ts";

interface Deps {
  collections: Collections;
  passwords: Passwords;
  sessions: Sessions;
  sequence: Sequence;
  now: () => Date;
  /** Called once the administrator's first password is replaced. */
  firstPasswordChanged(): Promise<void>;
}

export interface Users {
  users: Handlers<typeof userOperations, Caller>;
  session: Handlers<typeof sessionOperations, Caller>;
  /** The user of that name or e-mail address, if the password is right. Takes as long for who does not exist. */
  verify(principal: string, password: string): Promise<UserDocument | undefined>;
  /** Signs in: makes a session and hands its token to the caller's edge. */
  signIn(user: UserDocument, caller: Caller): Promise<User>;
  setPassword(user_id: number, password: string): Promise<void>;
  /** Makes the built-in administrator on an empty folder. */
  ensureAdmin(password: string | undefined): Promise<void>;
}

/** In a browser a session ends after an hour without use; the window's stays, as its machine is its owner's. */
const browserMinutes = 60;
const windowMinutes = 30 * 24 * 60;
export const adminId = 1;
const listed = ["user_id", "username", "email", "realname", "creation_time", "update_time"] as const;

export function createUsers({
  collections,
  passwords,
  sessions,
  sequence,
  now,
  firstPasswordChanged,
}: Deps): Users {
  const { users } = collections;

  async function verify(principal: string, password: string): Promise<UserDocument | undefined> {
    const user =
      (await users.find({ username: principal })) ?? (await users.find({ email: principal.toLowerCase() }));
    return (await passwords.verify(password, user?.password)) ? user : undefined;
  }

  async function signIn(user: UserDocument, caller: Caller): Promise<User> {
    const { from, agent } = caller;
    const minutes = from === "window" ? windowMinutes : browserMinutes;
    if (caller.session) await sessions.close(caller.session);
    await caller.keep(await sessions.open(user.user_id, { from, agent, minutes }));
    return toUser(user);
  }

  async function setPassword(user_id: number, password: string): Promise<void> {
    const time = now().toISOString();
    await users.update(String(user_id), {
      password: await passwords.hash(password),
      password_time: time,
      update_time: time,
    });
    await sessions.closeAll(user_id);
    if (user_id === adminId) await firstPasswordChanged();
  }

  return {
    verify,
    signIn,
    setPassword,

    async ensureAdmin(password) {
      if (await users.get(String(adminId))) return;
      const time = now().toISOString();
      await users.insert({
        user_id: adminId,
        username: "admin",
        email: "admin@example.com",
        realname: "system admin",
        comment: "admin user",
        sysadmin_flag: true,
        ...(password === undefined ? {} : { password: await passwords.hash(password) }),
        creation_time: time,
        update_time: time,
      });
    },

    users: {
      async list(input) {
        const listing = listingOf<UserDocument>(input, { fields: listed, sort: ["username"] });
        // The built-in administrator belongs to the registry, not to the people. Harbor API 7.
        const where = { ...listing.where, user_id: { from: adminId + 1 } };
        const found = await users.list({ ...listing, where });
        return { items: found.map(toUser), total: await users.count(where) };
      },

      async create({ password, ...draft }) {
        for (const field of ["username", "email"] as const) {
          const taken = await users.find({ [field]: draft[field] });
          if (taken) throw new Fault("CONFLICT", `there is a user with the ${field} ${draft[field]} already`);
        }
        const time = now().toISOString();
        const user_id = await sequence.next("users");
        await users.insert({
          ...draft,
          user_id: user_id + adminId,
          sysadmin_flag: false,
          password: await passwords.hash(password),
          creation_time: time,
          update_time: time,
        });
        return { id: user_id + adminId };
      },

      async remove({ user_id }, caller) {
        if (user_id === adminId) throw new Fault("FORBIDDEN", "the built-in administrator cannot be deleted");
        if (user_id === caller.user?.user_id) throw new Fault("FORBIDDEN", "you cannot delete yourself");
        if (!(await users.remove(String(user_id))))
          throw new Fault("NOT_FOUND", `there is no user ${user_id}`);
        await sessions.closeAll(user_id);
        await collections.members.removeAll({ entity_type: "u", entity_id: user_id });
      },

      current: (_, { user }) => Promise.resolve(toUser(known(user))),

      async setPassword({ user_id, old_password, new_password }, caller) {
        const self = known(caller.user);
        const target = await users.get(String(user_id));
        if (user_id !== self.user_id && !self.sysadmin_flag) {
          throw new Fault("FORBIDDEN", "only a system administrator may change another person's password");
        }
        if (!target) throw new Fault("NOT_FOUND", `there is no user ${user_id}`);
        if (user_id === self.user_id && !(await passwords.verify(old_password ?? "", target.password))) {
          throw new Fault("FORBIDDEN", "the old password is not right");
        }
        if (await passwords.verify(new_password, target.password)) {
          throw new Fault("BAD_REQUEST", "the new password is the old one");
        }
        await setPassword(user_id, new_password);
        // Every other session ends; the person who changed it goes on.
        const renewed = await users.get(String(user_id));
        if (user_id === self.user_id && caller.session && renewed)
          await signIn(renewed, { ...caller, session: undefined });
      },
    },

    session: {
      async open({ principal, password }, caller) {
        const user = await verify(principal, password);
        if (user) return signIn(user, caller);
        await new Promise((resolve) => setTimeout(resolve, 300 + randomInt(200)));
        throw new Fault("UNAUTHORIZED", "the name or the password is not right");
      },

      async close(_, caller) {
        if (caller.session) await sessions.close(caller.session);
        await caller.keep(undefined);
      },
    },
  };
}

function known(user: UserDocument | undefined): UserDocument {
  if (!user) throw new Fault("UNAUTHORIZED", "sign in first");
  return user;
}

/** A user as others may see it: what is secret is left out by naming what is not. */
function toUser(user: UserDocument): User {
  const { user_id, username, email, realname, comment, sysadmin_flag, creation_time, update_time } = user;
  return {
    user_id,
    username,
    email,
    realname,
    comment,
    sysadmin_flag,
    admin_role_in_auth: false,
    creation_time,
    update_time,
  };
}
