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
  .regex(/^[^,"~#%$]*$/, 'a name has none of , " ~ # % $')
  .regex(/^[^\p{Cc}]*$/u, "a name has no control characters")
  .transform((name) => name.normalize("NFC").trim())
  .refine((name) => name !== "", "a name is not empty");

const Email = z
  .email("that is not an e-mail address")
  .max(255)
  .transform((address) => address.toLowerCase());

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
    input: z.object({
      username: Name,
      email: Email,
      realname: Name,
      password: Password,
      comment: z.string().max(30).default(""),
    }),
    returns: created,
  }),
  remove: operation({
    rest: "DELETE /users/{user_id}",
    access: "admin",
    says: "Deletes a user; the name and the address may be used again.",
    input: z.object({ user_id: z.coerce.number().int() }),
    returns: nothing,
  }),
  current: operation({
    rest: "GET /users/current",
    access: "user",
    says: "Tells who the caller is.",
    input: z.object({}),
    returns: one(User),
  }),
  setPassword: operation({
    rest: "PUT /users/{user_id}/password",
    access: "user",
    says: "Changes a password; one's own needs the old one.",
    input: z.object({
      user_id: z.coerce.number().int(),
      old_password: z.string().max(128).optional(),
      new_password: Password,
    }),
    returns: nothing,
  }),
};

export const session = {
  open: operation({
    rest: "POST /session",
    access: "anyone",
    says: "Signs in. A browser gets a cookie; the window's main process keeps the session.",
    input: z.object({ principal: z.string().min(1).max(255), password: z.string().min(1).max(128) }),
    returns: one(User),
  }),
  close: operation({
    rest: "DELETE /session",
    access: "anyone",
    says: "Signs out.",
    input: z.object({}),
    returns: nothing,
  }),
};
