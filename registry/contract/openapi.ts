import { z } from "zod";
import { contract, operationsOf } from "./index.ts";
import type { Operation } from "./operation.ts";
import { apiPrefix, routeOf } from "./path.ts";
import { isNew } from "./reply.ts";

/** The API's description, OpenAPI 3.1, made from the contract: it cannot say anything else than what the server does. */
export function describeApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { name, operation } of operationsOf(contract)) {
    if (operation.rest === undefined) continue;
    const { method, path } = routeOf(operation.rest);
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name, operation) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Berth", version, description: "Harbor's API, as far as Berth has it." },
    servers: [{ url: apiPrefix }],
    security: [{ basic: [] }, {}],
    paths,
    components: {
      securitySchemes: { basic: { type: "http", scheme: "basic" } },
      schemas: { Errors: errors },
    },
  };
}

const errors = {
  type: "object",
  properties: {
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { code: { type: "string" }, message: { type: "string" } },
        required: ["code", "message"],
      },
    },
  },
};

function describe(name: string, operation: Operation): object {
  const { method, parameters } = routeOf(operation.rest ?? "");
  const schema = z.toJSONSchema(operation.input, { io: "input", unrepresentable: "any" });
  const fields = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  const inQuery = method === "GET" || method === "HEAD" || method === "DELETE";
  const inBody = inQuery ? [] : fields.filter(([name]) => !parameters.includes(name));
  return {
    operationId: name,
    tags: [name.split(".")[0]],
    summary: operation.says,
    description: `Needs: ${operation.access}.`,
    parameters: fields
      .filter(([name]) => inQuery || parameters.includes(name))
      .map(([name, field]) => {
        const inPath = parameters.includes(name);
        return { name, in: inPath ? "path" : "query", required: inPath || required.has(name), schema: field };
      }),
    ...(inBody.length > 0 && {
      requestBody: {
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: Object.fromEntries(inBody),
              required: inBody.map(([name]) => name).filter((name) => required.has(name)),
            },
          },
        },
      },
    }),
    responses: {
      [isNew(operation.returns) ? "201" : "200"]: answerOf(operation),
      default: { description: "An error", content: json({ $ref: "#/components/schemas/Errors" }) },
    },
  };
}

function answerOf({ returns }: Operation): object {
  if (returns.kind === "one") return { description: "The answer", content: json(toSchema(returns.schema)) };
  if (returns.kind === "text")
    return {
      description: "Text",
      content: { [returns.type ?? "text/plain"]: { schema: { type: "string" } } },
    };
  if (returns.kind === "page") {
    return {
      description: "A page of the list",
      headers: { "X-Total-Count": { schema: { type: "integer" } }, Link: { schema: { type: "string" } } },
      content: json({ type: "array", items: toSchema(returns.schema) }),
    };
  }
  if (returns.kind === "created") {
    return { description: "Created", headers: { Location: { schema: { type: "string" } } } };
  }
  return { description: "Done" };
}

function toSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { unrepresentable: "any" });
}

function json(schema: object): object {
  return { "application/json": { schema } };
}
