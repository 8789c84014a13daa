import type { z } from "zod";
import type { Answer, Reply } from "./reply.ts";
import type { Permission } from "./permission.ts";

/**
 * Who may call: anyone; a person who is signed in; a person or a robot, as far as the operation itself lets them;
 * a system administrator; or whoever holds a permission in the project that the input names (`project_name_or_id` or
 * `project_name`).
 */
export type Access = "anyone" | "user" | "account" | "admin" | Permission;

/**
 * One operation, declared once. Validation, access, IPC, REST, the typed client and the API description
 * all follow from this.
 */
export interface Operation<I extends z.ZodObject = z.ZodObject, R extends Reply = Reply> {
  /** `METHOD /path/{parameter}` under `/api/v2.0`; absent for what only the window may ask. */
  rest?: string;
  access: Access;
  /** One sentence for the API description. */
  says: string;
  input: I;
  returns: R;
  /** What the log calls it: an operation and a kind of thing, `["create", "project"]`. Absent for what changes nothing. */
  records?: readonly [operation: string, resource_type: string];
}

export function operation<I extends z.ZodObject, R extends Reply>(
  declared: Operation<I, R>,
): Operation<I, R> {
  return declared;
}

export type Operations = Record<string, Operation>;
export type Contract = Record<string, Operations>;

/** What a caller sends: defaults may be left out. */
export type Input<O extends Operation> = z.input<O["input"]>;

/** The rules behind a resource's operations; `C` is who asks. */
export type Handlers<R extends Operations, C> = {
  [K in keyof R]: (input: z.output<R[K]["input"]>, caller: C) => Promise<Answer<R[K]["returns"]>>;
};

/** The contract as a caller sees it: `client.projects.create({ … })`. */
export type Client<C extends Contract> = {
  [R in keyof C]: {
    [K in keyof C[R]]: (input: z.input<C[R][K]["input"]>) => Promise<Answer<C[R][K]["returns"]>>;
  };
};
