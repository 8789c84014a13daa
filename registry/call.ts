import type { Authorize } from "./access/authorize.ts";
import type { Caller } from "./access/caller.ts";
import { Fault } from "./contract/fault.ts";
import { findOperation, type RegistryContract } from "./contract/index.ts";
import type { Handlers } from "./contract/operation.ts";
import { answerSchema } from "./contract/reply.ts";
import type { Asked, Recorder } from "./notify/recorder.ts";

export type AllHandlers = { [R in keyof RegistryContract]: Handlers<RegistryContract[R], Caller> };
type Handler = (input: unknown, caller: Caller) => Promise<unknown>;

/** What read-only does not stop. Harbor API 1.6. */
const always = new Set(["configurations", "session"]);

interface Deps {
  handlers: AllHandlers;
  authorize: Authorize;
  /** Whether nothing may be changed but the settings themselves, and who is signed in. */
  readOnly(): boolean;
  /** Writes into the log what `records` itself. */
  recorded: Recorder["operation"];
  checkAnswers: boolean;
}

/**
 * The only way in for operations: find it, refuse strangers, parse the input, authorise, run. Throws `NOT_FOUND`,
 * `UNAUTHORIZED`, `FORBIDDEN`, `BAD_REQUEST`, `UNPROCESSABLE_ENTITY`, and what the operation throws.
 */
export function createCall({ handlers, authorize, readOnly, recorded, checkAnswers }: Deps) {
  return async function call(name: string, input: unknown, caller: Caller): Promise<unknown> {
    const operation = findOperation(name);
    const [resource = ""] = name.split(".");
    if (!operation || !(resource in handlers))
      throw new Fault("NOT_FOUND", `there is no operation ${name.slice(0, 80)}`);
    const asked = { name, operation, input, caller };
    return operation.records ? recorded(asked, () => run(asked)) : run(asked);
  };

  async function run({ name, operation, input, caller }: Asked): Promise<unknown> {
    const [resource = "", verb = ""] = name.split(".");
    if (["user", "account", "admin"].includes(operation.access))
      await authorize.operation(caller, operation.access, {});
    const parsed = operation.input.safeParse(input ?? {});
    if (!parsed.success) throw invalid(parsed.error.issues);
    const values = parsed.data;
    await authorize.operation(caller, operation.access, values);
    const handler = (handlers as unknown as Record<string, Record<string, Handler>>)[resource]?.[verb];
    if (!handler) throw new Fault("NOT_FOUND", `there is no operation ${name.slice(0, 80)}`);
    if (operation.records && !always.has(resource) && readOnly()) {
      throw new Fault("DENIED", "the registry is read-only at the moment: an administrator has set it so");
    }
    const answer = await handler(values, caller);
    return checkAnswers ? answerSchema(operation.returns).parse(answer) : answer;
  }
}

interface Issue {
  code: string;
  path: PropertyKey[];
  message: string;
}

/** A wrong type or a broken limit is 422, a wrong form 400, as Harbor tells them apart. Harbor API 1.1. */
function invalid(issues: readonly Issue[]): Fault {
  const form = issues.every(({ code }) => code === "invalid_format" || code === "custom");
  const told = issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  return new Fault(form ? "BAD_REQUEST" : "UNPROCESSABLE_ENTITY", told.join("; "));
}
