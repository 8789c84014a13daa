import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { User, users as operations } from "../contract/users.ts";
import type { Collections, UserDocument } from "../store/collections.ts";
import { listingOf } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Caller } from "./caller.ts";
import { isReserved } from "./names.ts";
import type { Passwords } from "./passwords.ts";
import type { Reset } from "./reset.ts";
import type { Sessions } from "./sessions.ts";
import type { Throttle } from "./throttle.ts";

interface Deps {
  collections: Collections;
  passwords: Passwords;
  sessions: Sessions;
  throttle: Throttle;
  sequence: Sequence;
  now: () => Date;
  /** Why a user cannot be made, or changed, here: the directory keeps them. */
  byDirectory(): boolean;
  selfRegistration(): boolean;
  /** Makes every link to a new password worthless. */
  forgetLinks: Reset["forget"];
  /** A fresh session in place of the one that a changed password ended. */
  renew(user: UserDocument, caller: Caller): Promise<unknown>;
  /** Called once the administrator's first password is replaced. */
  firstPasswordChanged(): Promise<void>;
}

export interface Users {
  users: Omit<Handlers<typeof operations, Caller>, "forgot" | "reset">;
  setPassword(user_id: number, password: string): Promise<void>;
  /** Makes the built-in administrator on an empty folder. */
  ensureAdmin(password: string | undefined): Promise<void>;
}

export const adminId = 1;
const listed = [
  "user_id",
  "username",
  "email",
  "realname",
  "sysadmin_flag",
  "creation_time",
  "update_time",
] as const;
const managed = "users are managed by the directory: do that there";

export function createUsers(deps: Deps): Users {
  const { collections, passwords, sessions, throttle, sequence, now, byDirectory } = deps;
  const { users, members } = collections;

  async function locate(user_id: number): Promise<UserDocument> {
    const found = await users.get(String(user_id));
    if (!found) throw new Fault("NOT_FOUND", `there is no user ${user_id}`);
    return found;
  }

  /** Oneself, or anyone for an administrator; who may not look is not told who is there. */
  async function locateFor(user_id: number, { user }: Caller): Promise<UserDocument> {
    if (user_id !== user?.user_id && !user?.sysadmin_flag) {
      throw new Fault("FORBIDDEN", "only a system administrator may do that for another person");
    }
    return locate(user_id);
  }

  async function refuseTaken(field: "username" | "email", value: string, except?: number): Promise<void> {
    // A name that is somebody's address would take that person's sign-in by it.
    const taken =
      (await users.find({ [field]: value })) ??
      (await users.find(field === "email" ? { username: value } : { email: value.toLowerCase() }));
    if (taken && taken.user_id !== except) {
      throw new Fault("CONFLICT", `the ${field === "email" ? "e-mail address" : "name"} ${value} is taken`);
    }
  }

  async function setPassword(user_id: number, password: string): Promise<void> {
    const hash = await passwords.hash(password);
    // Not before: until here the old password still gets tokens.
    const time = now().toISOString();
    await users.update(String(user_id), { password: hash, password_time: time, update_time: time });
    await sessions.closeAll(user_id);
    await deps.forgetLinks(user_id);
    if (user_id === adminId) await deps.firstPasswordChanged();
  }

  async function insert(draft: {
    username: string;
    email: string;
    realname: string;
    password: string;
    comment: string;
  }) {
    if (byDirectory()) throw new Fault("FORBIDDEN", managed);
    await refuseTaken("username", draft.username);
    await refuseTaken("email", draft.email);
    const time = now().toISOString();
    const user: UserDocument = {
      user_id: adminId + (await sequence.next("users")),
      username: draft.username,
      email: draft.email,
      realname: draft.realname,
      comment: draft.comment,
      sysadmin_flag: false,
      password: await passwords.hash(draft.password),
      creation_time: time,
      update_time: time,
    };
    await users.insert(user);
    return user;
  }

  return {
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

      async create(draft) {
        refuseReserved(draft.username);
        return { id: (await insert(draft)).user_id };
      },

      async signUp(draft, caller) {
        if (!deps.selfRegistration())
          throw new Fault("FORBIDDEN", "accounts are made by an administrator here: ask one");
        refuseReserved(draft.username);
        // Whose name is taken is told here to anyone, so asking for many is slow.
        let taken: Fault | undefined;
        const make = (): Promise<UserDocument | undefined> =>
          insert(draft).catch((error: unknown) => void (taken = conflictOf(error)));
        const user = await throttle.attempt("sign-up", caller.from, make);
        if (!user) throw taken ?? new Fault("CONFLICT", "that name is taken");
        await deps.renew(user, caller);
        return toUser(user);
      },

      async search({ username, page, page_size }) {
        const where = { username: { contains: username } };
        const found = await users.list({
          where,
          sort: ["username"],
          skip: (page - 1) * page_size,
          limit: page_size,
        });
        const items = found.map(({ user_id, username: name }) => ({ user_id, username: name }));
        return { items, total: await users.count(where) };
      },

      current: async (_, { user }) => {
        if (!user) throw new Fault("UNAUTHORIZED", "sign in first");
        return toUser(user);
      },

      async get({ user_id }, caller) {
        return toUser(await locateFor(user_id, caller));
      },

      async update({ user_id, email, realname, comment }, caller) {
        const user = await locateFor(user_id, caller);
        if (user.source === "ldap") throw new Fault("FORBIDDEN", managed);
        await refuseTaken("email", email, user_id);
        if (email !== user.email) await deps.forgetLinks(user_id);
        await users.update(String(user_id), { email, realname, comment, update_time: now().toISOString() });
      },

      async remove({ user_id }, caller) {
        if (user_id === adminId) throw new Fault("FORBIDDEN", "the built-in administrator cannot be deleted");
        if (user_id === caller.user?.user_id) throw new Fault("FORBIDDEN", "you cannot delete yourself");
        const { user_id: entity_id } = await locate(user_id);
        // Rights first: who is half deleted must not be half allowed.
        await members.removeAll({ entity_type: "u", entity_id });
        await sessions.closeAll(user_id);
        await deps.forgetLinks(user_id);
        await users.remove(String(user_id));
      },

      async setAdmin({ user_id, sysadmin_flag }, caller) {
        if (user_id === adminId) throw new Fault("FORBIDDEN", "the built-in administrator stays one");
        if (user_id === caller.user?.user_id)
          throw new Fault("FORBIDDEN", "you cannot change that for yourself");
        await locate(user_id);
        const change = { sysadmin_flag, admin_by_group: false, update_time: now().toISOString() };
        await users.update(String(user_id), change);
      },

      async setPassword({ user_id, old_password, new_password }, caller) {
        const user = await locateFor(user_id, caller);
        if (user.source === "ldap" || (byDirectory() && user_id !== adminId))
          throw new Fault("FORBIDDEN", managed);
        const own = user_id === caller.user?.user_id;
        const proven = async (): Promise<true | undefined> =>
          (await passwords.verify(old_password ?? "", user.password)) || undefined;
        // A session that was left open is no way to guess the password faster than at the sign-in.
        if (own && !(await throttle.attempt(user.username, caller.from, proven))) {
          throw new Fault("FORBIDDEN", "the old password is not right");
        }
        if (await passwords.verify(new_password, user.password)) {
          throw new Fault("BAD_REQUEST", "the new password is the old one");
        }
        await setPassword(user_id, new_password);
        // Every other session ends; the person who changed it goes on.
        if (own && caller.session) await deps.renew(await locate(user_id), { ...caller, session: undefined });
      },
    },
  };
}

function refuseReserved(name: string): void {
  if (isReserved(name)) throw new Fault("CONFLICT", `the name ${name} is taken`);
}

function conflictOf(error: unknown): Fault {
  if (error instanceof Fault && error.code === "CONFLICT") return error;
  throw error;
}

/** A user as others may see it: what is secret is left out by naming what is not. */
export function toUser(user: UserDocument): User {
  const { user_id, username, email, realname, comment, sysadmin_flag, creation_time, update_time } = user;
  return {
    user_id,
    username,
    email,
    realname,
    comment,
    sysadmin_flag,
    admin_role_in_auth: user.admin_by_group === true,
    creation_time,
    update_time,
  };
}
