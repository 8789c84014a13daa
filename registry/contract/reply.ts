import { z } from "zod";

/**
 * The shapes an answer may have. They keep HTTP out of the rules: a handler returns the value,
 * and each edge writes it in its own way.
 *
 * | declared  | handler returns    | REST                                      |
 * |-----------|--------------------|-------------------------------------------|
 * | `nothing` | –                  | 200, no body                              |
 * | `one`     | the value          | 200, JSON                                 |
 * | `made`    | the value          | 201, JSON, `Location: <path>/<id>`        |
 * | `page`    | `{ items, total }` | an array, `X-Total-Count`, relative `Link` |
 * | `created` | `{ id }`           | 201, `Location: <path>/<id>`, no body     |
 * | `text`    | a string           | text/plain, or the `type` it declares     |
 */
export type Reply<S extends z.ZodType = z.ZodType> =
  | { kind: "nothing" }
  | { kind: "one"; schema: S; made?: true }
  | { kind: "page"; schema: S }
  | { kind: "created" }
  | { kind: "text"; type?: string; file?: string };

export interface Page<T> {
  items: T[];
  /** Over all pages. */
  total: number;
}

export const nothing = { kind: "nothing" } as const;
export const created = { kind: "created" } as const;
export const text = { kind: "text" } as const;
/** A certificate in PEM, which a browser keeps as a file. Harbor API, getcert. */
export const certificate = { kind: "text", type: "application/x-x509-ca-cert", file: "ca.crt" } as const;
/** A table by RFC 4180. */
export const csv = { kind: "text", type: "text/csv" } as const;

export function one<S extends z.ZodType>(schema: S): { kind: "one"; schema: S } {
  return { kind: "one", schema };
}

/** A creation whose answer is more than an id: what is made, and is told only now. */
export function made<S extends z.ZodObject<{ id: z.ZodNumber }>>(
  schema: S,
): { kind: "one"; schema: S; made: true } {
  return { kind: "one", schema, made: true };
}

export function page<S extends z.ZodType>(schema: S): { kind: "page"; schema: S } {
  return { kind: "page", schema };
}

/** Whether the operation makes something, whose id its answer tells. */
export function isNew(reply: Reply): boolean {
  return reply.kind === "created" || (reply.kind === "one" && reply.made === true);
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
