import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { created, nothing, one, page } from "./reply.ts";

export const User = z.object({
  user_id: z.number(),
  username: z.string(),
  email: z.string(),
  realname: z.string(),
  comment: z.string(),
  sysadmin_flag: z.boolean(),
  admin_role_in_auth: z.boolean(),
  creation_time: z.string(),
  update_time: z.string(),
});
export type User = z.output<typeof User>;

/** Harbor API 7: 8 to 128 characters with a lower-case letter, an upper-case letter and a digit. */
export const Password = z
  .string()
  .min(8, "a password has at least 8 characters")
  .max(128, "a password has at most 128 characters")
  .regex(/[a-z]/, "a password needs a lower-case letter")
  .regex(/[A-Z]/, "a password needs an upper-case letter")
  .regex(/[0-9]/, "a password needs a digit")
  .regex(/^[^\0]*$/, "a password has no NUL character");

/** Harbor API 7: what a name may not hold, because other systems give it a meaning. */
const Name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^,:"~#%$]*$/, 'a name has none of , : " ~ # % $')
  .regex(/^[^\p{Cc}]*$/u, "a name has no control characters")
  .transform((name) => name.normalize("NFC").trim())
  .refine((name) => name !== "", "a name is not empty");

export const Email = z
  .email("that is not an e-mail address")
  .max(255)
  .transform((address) => address.toLowerCase());

const Which = z.object({ user_id: z.coerce.number().int() });
const Profile = z.object({ email: Email, realname: Name, comment: z.string().max(30).default("") });

export const users = {
  list: operation({
    rest: "GET /users",
    access: "admin",
    says: "Lists the users, without the built-in administrator.",
    input: Paging,
    returns: page(User),
  }),
  create: operation({
    rest: "POST /users",
    access: "admin",
    says: "Adds a user.",
    input: Profile.extend({ username: Name, password: Password }),
    returns: created,
    records: ["create", "user"],
  }),
  signUp: operation({
    rest: "POST /users/signup",
    access: "anyone",
    says: "Makes an account for oneself, where the administrator allows that.",
    input: Profile.extend({ username: Name, password: Password }),
    returns: one(User),
    records: ["create", "user"],
  }),
  search: operation({
    rest: "GET /users/search",
    access: "user",
    says: "Suggests users by a part of their name.",
    input: Paging.extend({ username: z.string().min(1).max(255) }),
    returns: page(z.object({ user_id: z.number(), username: z.string() })),
  }),
  current: operation({
    rest: "GET /users/current",
    access: "user",
    says: "Tells who the caller is.",
    input: z.object({}),
    returns: one(User),
  }),
  get: operation({
    rest: "GET /users/{user_id}",
    access: "user",
    says: "Reads a user: oneself, or anyone for an administrator.",
    input: Which,
    returns: one(User),
  }),
  update: operation({
    rest: "PUT /users/{user_id}",
    access: "user",
    says: "Changes a profile: one's own, or anyone's for an administrator.",
    input: Profile.extend(Which.shape),
    returns: nothing,
    records: ["update", "user"],
  }),
  remove: operation({
    rest: "DELETE /users/{user_id}",
    access: "admin",
    says: "Deletes a user; the name and the address may be used again.",
    input: Which,
    returns: nothing,
    records: ["delete", "user"],
  }),
  setAdmin: operation({
    rest: "PUT /users/{user_id}/sysadmin",
    access: "admin",
    says: "Makes a user a system administrator, or an ordinary user again.",
    input: Which.extend({ sysadmin_flag: z.boolean() }),
    returns: nothing,
    records: ["update", "user"],
  }),
  setPassword: operation({
    rest: "PUT /users/{user_id}/password",
    access: "user",
    says: "Changes a password; one's own needs the old one.",
    input: Which.extend({ old_password: z.string().max(128).optional(), new_password: Password }),
    returns: nothing,
    records: ["update", "user"],
  }),
  forgot: operation({
    rest: "POST /users/forgot",
    access: "anyone",
    says: "Sends a link to set a new password to that address, if a user has it; the answer does not tell.",
    input: z.object({ email: Email }),
    returns: nothing,
  }),
  reset: operation({
    rest: "POST /users/reset",
    access: "anyone",
    says: "Sets a new password by the link of a mail, once.",
    input: z.object({ token: z.string().min(20).max(100), password: Password }),
    returns: nothing,
    records: ["update", "user"],
  }),
};

/** Where one is signed in. */
export const Session = z.object({
  id: z.string(),
  created: z.string(),
  expires: z.string(),
  from: z.string(),
  agent: z.string(),
  current: z.boolean(),
});
export type Session = z.output<typeof Session>;

export const session = {
  open: operation({
    rest: "POST /session",
    access: "anyone",
    says: "Signs in. A browser gets a cookie; the window's main process keeps the session.",
    input: z.object({ principal: z.string().min(1).max(255), password: z.string().min(1).max(128) }),
    returns: one(User),
    records: ["login", "user"],
  }),
  close: operation({
    rest: "DELETE /session",
    access: "anyone",
    says: "Signs out.",
    input: z.object({}),
    returns: nothing,
    records: ["logout", "user"],
  }),
  list: operation({
    rest: "GET /sessions",
    access: "user",
    says: "Lists where one is signed in.",
    input: Paging,
    returns: page(Session),
  }),
  end: operation({
    rest: "DELETE /sessions/{id}",
    access: "user",
    says: "Ends one of one's own sessions.",
    input: z.object({ id: z.string().min(1).max(100) }),
    returns: nothing,
    records: ["logout", "user"],
  }),
};
