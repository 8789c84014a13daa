import type { Authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Operation } from "../contract/operation.ts";
import type { Collections } from "../store/collections.ts";
import type { Attempts } from "./attempts.ts";
import type { Deed } from "./audit-lines.ts";
import type { Subject, SubjectOf, Values } from "./subject.ts";

/** What somebody does, but for who it is. */
export type Done = Pick<Deed, "operation" | "resource_type" | "resource" | "project_id">;

export interface Asked {
  name: string;
  operation: Operation;
  input: unknown;
  caller: Caller;
}

export interface Recorder {
  /** Runs an operation that `records` itself, and records that it was done, or refused. */
  operation<T>(asked: Asked, run: () => Promise<T>): Promise<T>;
  /** Records what was done past the contract's operations. */
  done(caller: Caller, what: Done): void;
  /** Records a way of signing in that is gone through again and again: docker's. */
  signedIn(caller: Caller): void;
  signInFailed(username: string, from: string): void;
  /** The same authorisation, which records when somebody known is refused a repository. */
  watch(authorize: Authorize): Authorize;
}

interface Deps {
  record: (deed: Deed) => void;
  attempts: Attempts;
  subjectOf: SubjectOf;
  collections: Pick<Collections, "projects">;
}

/** Those that say: you may not. Other failures change nothing, and are the caller's to know. */
const refusals: readonly string[] = ["UNAUTHORIZED", "FORBIDDEN", "DENIED", "TOOMANYREQUESTS"];

export function createRecorder({ record, attempts, subjectOf, collections }: Deps): Recorder {
  /** The log never keeps an operation from being done. */
  async function subject({ name, operation }: Asked, values: Values | undefined): Promise<Subject> {
    if (!values) return { resource: "" };
    return subjectOf(name, operation.records?.[1] ?? "", values).catch(() => ({ resource: "" }));
  }

  async function operation<T>(asked: Asked, run: () => Promise<T>): Promise<T> {
    const { caller, input, operation: declared } = asked;
    const [verb, resource_type] = declared.records ?? ["", ""];
    // What a stranger sends is not even looked at where only the known may ask.
    const looked = isKnown(caller) || declared.access === "anyone";
    const values = looked ? declared.input.safeParse(input ?? {}).data : undefined;
    // What is removed has no name afterwards, what is made has no number before.
    const before = await subject(asked, values);
    const deedOf = (about: Subject): Deed => ({
      ...about,
      username: verb === "login" ? about.resource : nameOf(caller),
      ...(verb === "logout" ? { resource: nameOf(caller) } : {}),
      operation: verb,
      resource_type,
      from: caller.from,
    });
    try {
      const answer = await run();
      const isNew = verb === "create" || verb === "login";
      // Who was not signed in has not signed out.
      if (verb !== "logout" || isKnown(caller)) record(deedOf(isNew ? await subject(asked, values) : before));
      return answer;
    } catch (error) {
      if (isRefusal(error)) attempts.note({ ...deedOf(before), operation_result: false });
      throw error;
    }
  }

  const login = { operation: "login", resource_type: "user" } as const;

  async function refusedRepository(caller: Caller, action: string, name: string): Promise<void> {
    const project = await collections.projects.find({ name: name.slice(0, name.indexOf("/")) });
    attempts.note({
      username: nameOf(caller),
      operation: action,
      resource_type: "artifact",
      resource: name,
      operation_result: false,
      from: caller.from,
      project_id: project?.project_id,
    });
  }

  return {
    operation,

    done: (caller, what) => record({ ...what, username: nameOf(caller), from: caller.from }),

    signedIn(caller) {
      const username = nameOf(caller);
      attempts.note({ ...login, username, resource: username, from: caller.from });
    },

    signInFailed(username, from) {
      attempts.note({ ...login, username, resource: username, from, operation_result: false });
    },

    watch(authorize) {
      return {
        ...authorize,
        async repository(caller, permission, name) {
          try {
            return await authorize.repository(caller, permission, name);
          } catch (error) {
            const action = permission.slice("repository:".length);
            // Clients ask first with no token, or one for something else, only to hear what to ask a token for.
            const refused = isRefusal(error) && isKnown(caller);
            const narrow =
              refused &&
              error.code === "UNAUTHORIZED" &&
              (await authorize.actions(caller, name)).includes(action);
            if (refused && !narrow) await refusedRepository(caller, action, name);
            throw error;
          }
        },
      };
    },
  };
}

function isRefusal(error: unknown): error is Fault {
  return error instanceof Fault && refusals.includes(error.code);
}

const isKnown = ({ user, robot }: Caller): boolean => user !== undefined || robot !== undefined;

/** Harbor's word for who was not signed in. Harbor API 17. */
const nameOf = ({ user, robot }: Caller): string => user?.username ?? robot?.name ?? "anonymous";
