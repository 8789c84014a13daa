import { z } from "zod";
import { operation } from "./operation.ts";
import { Paging } from "./paging.ts";
import { made, nothing, one, page } from "./reply.ts";

const Grantable = z.object({
  resource: z.string().max(50),
  action: z.string().max(50),
  effect: z.string().optional(),
});

/** `project` on one project or, as `*`, on all; `system` on what no project holds, with the namespace `/`. Harbor API 19. */
const RobotPermission = z.object({
  kind: z.enum(["project", "system"]),
  namespace: z.string().min(1).max(255),
  access: z.array(Grantable).min(1).max(100),
});

export const Robot = z.object({
  id: z.number(),
  /** In full: `robot$build`, or `robot$project+build`. */
  name: z.string(),
  description: z.string(),
  level: z.enum(["system", "project"]),
  /** Days; -1 never ends. */
  duration: z.number(),
  editable: z.boolean(),
  disable: z.boolean(),
  /** Seconds since 1970; -1 never. */
  expires_at: z.number(),
  permissions: z.array(RobotPermission),
  creation_time: z.string(),
  update_time: z.string(),
});
export type Robot = z.output<typeof Robot>;

const Draft = z.object({
  name: z
    .string()
    .max(255)
    .regex(
      /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/,
      "a robot's name has lower-case letters and digits, with single . _ - between",
    ),
  description: z.string().max(1000).default(""),
  level: z.enum(["system", "project"]),
  duration: z
    .number()
    .int()
    .refine(
      (days) => days === -1 || (days >= 1 && days <= 10_000),
      "a robot lives for 1 to 10000 days, or with -1 for good",
    )
    .optional(),
  disable: z.boolean().default(false),
  permissions: z.array(RobotPermission).min(1).max(50),
});

const Which = z.object({ robot_id: z.coerce.number().int() });

/**
 * Accounts for programs. Access is by level: a project's robots are its admins' to make, the system's an administrator's.
 * A robot makes robots, if it was given that, but none that may do more than itself.
 */
export const robots = {
  list: operation({
    rest: "GET /robots",
    access: "account",
    says: "Lists the system's robots, or with q=Level=project,ProjectID=5 a project's.",
    input: Paging,
    returns: page(Robot),
  }),
  create: operation({
    rest: "POST /robots",
    access: "account",
    says: "Makes a robot. Its secret is in this answer, and never told again.",
    input: Draft,
    returns: made(
      z.object({
        id: z.number(),
        name: z.string(),
        secret: z.string(),
        creation_time: z.string(),
        expires_at: z.number(),
      }),
    ),
    records: ["create", "robot"],
  }),
  get: operation({
    rest: "GET /robots/{robot_id}",
    access: "account",
    says: "Reads one robot.",
    input: Which,
    returns: one(Robot),
  }),
  update: operation({
    rest: "PUT /robots/{robot_id}",
    access: "account",
    says: "Changes a robot; its level and its name stay.",
    input: Draft.omit({ name: true })
      .extend(Which.shape)
      .extend({ name: z.string().max(255) }),
    returns: nothing,
    records: ["update", "robot"],
  }),
  refresh: operation({
    rest: "PATCH /robots/{robot_id}",
    access: "account",
    says: "Gives a robot another secret: a given one, or one that is made and told here.",
    input: Which.extend({ secret: z.string().max(128).default("") }),
    returns: one(z.object({ secret: z.string() })),
    records: ["update", "robot"],
  }),
  remove: operation({
    rest: "DELETE /robots/{robot_id}",
    access: "account",
    says: "Deletes a robot; what it was used for fails at once.",
    input: Which,
    returns: nothing,
    records: ["delete", "robot"],
  }),
  permissions: operation({
    rest: "GET /permissions",
    access: "user",
    says: "Tells what a robot may be given.",
    input: z.object({}),
    returns: one(z.object({ system: z.array(Grantable).optional(), project: z.array(Grantable) })),
  }),
};
