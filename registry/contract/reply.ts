import { z } from "zod";

/**
 * The shapes an answer may have. They keep HTTP out of the rules: a handler returns the value,
 * and each edge writes it in its own way.
 *
 * | declared  | handler returns    | REST                                      |
 * |-----------|--------------------|-------------------------------------------|
 * | `nothing` | –                  | 200, no body                              |
 * | `one`     | the value          | 200, JSON                                 |
 * | `page`    | `{ items, total }` | an array, `X-Total-Count`, relative `Link` |
 * | `created` | `{ id }`           | 201, `Location: <path>/<id>`, no body     |
 * | `text`    | a string           | text/plain                                |
 */
export type Reply<S extends z.ZodType = z.ZodType> =
  | { kind: "nothing" }
  | { kind: "one"; schema: S }
  | { kind: "page"; schema: S }
  | { kind: "created" }
  | { kind: "text" };

export interface Page<T> {
  items: T[];
  /** Over all pages. */
  total: number;
}

export const nothing = { kind: "nothing" } as const;
export const created = { kind: "created" } as const;
export const text = { kind: "text" } as const;

export function one<S extends z.ZodType>(schema: S): { kind: "one"; schema: S } {
  return { kind: "one", schema };
}

export function page<S extends z.ZodType>(schema: S): { kind: "page"; schema: S } {
  return { kind: "page", schema };
}

/** What a handler gives back for a declared reply, and what a caller receives. */
export type Answer<R extends Reply> = R extends { kind: "one"; schema: infer S extends z.ZodType }
  ? z.output<S>
  : R extends { kind: "page"; schema: infer S extends z.ZodType }
    ? Page<z.output<S>>
    : R extends { kind: "created" }
      ? { id: number | string }
      : R extends { kind: "text" }
        ? string
        : void;

const Created = z.object({ id: z.union([z.number(), z.string()]) });

/** The schema of what a handler returns: tests parse every answer with it. */
export function answerSchema(reply: Reply): z.ZodType {
  if (reply.kind === "one") return reply.schema;
  if (reply.kind === "page") return z.object({ items: z.array(reply.schema), total: z.number().int() });
  if (reply.kind === "created") return Created;
  return reply.kind === "text" ? z.string() : z.void();
}
