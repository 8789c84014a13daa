import { Fault } from "../contract/fault.ts";
import type { ProjectDocument } from "../store/collections.ts";
import type { Authorize } from "./authorize.ts";
import type { Caller, Grant } from "./caller.ts";

/** What may be done to trust data, as tokens say it: read it, publish, and all else, such as to delete it. */
const actions = { read: ["pull"], publish: ["push", "pull"], manage: ["*"] } as const;
export type TrustAction = keyof typeof actions;

/** What it takes in the project besides the right to pull. Harbor: `*` is for who holds all three. */
const further = {
  read: [],
  publish: ["repository:push"],
  manage: ["repository:delete", "repository:push"],
} as const;

interface Collection {
  /** The name that tokens are made for, host and all. */
  gun: string;
  repository_name: string;
}

export interface TrustAccess {
  /** The project, if the caller may. Throws `UNAUTHORIZED` with the scope that would do, and `DENIED` while nothing may be written. */
  assert(caller: Caller, action: TrustAction, collection: Collection): Promise<ProjectDocument>;
  /** What of the actions that it asks for a token may be given. */
  actions(caller: Caller, repository_name: string, asked: readonly string[]): Promise<string[]>;
}

export function createTrustAccess(authorize: Pick<Authorize, "repository" | "actions">): TrustAccess {
  return {
    async assert(caller, action, { gun, repository_name }) {
      const asked = narrowed(caller, action, gun, repository_name);
      try {
        for (const permission of further[action])
          await authorize.repository(asked, permission, repository_name);
        return await authorize.repository(asked, "repository:pull", repository_name);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
        const scope: Grant = { type: "repository", name: gun, actions: actions[action] };
        throw new Fault("UNAUTHORIZED", error.message, [scope]);
      }
    },

    async actions(caller, repository_name, asked) {
      const held = await authorize.actions(caller, repository_name);
      if (asked.includes("*")) return held.length === 3 ? ["*"] : held;
      return held.filter((action) => asked.includes(action));
    },
  };
}

/** A token for a collection says of its repository what the action takes, if it covers it, and nothing if it does not. */
function narrowed(caller: Caller, action: TrustAction, gun: string, name: string): Caller {
  if (!caller.grants) return caller;
  const covers = ({ type, name: named, actions: granted }: Grant): boolean =>
    type === "repository" &&
    named === gun &&
    (granted.includes("*") || actions[action].every((one) => granted.includes(one)));
  if (!caller.grants.some(covers)) return { ...caller, grants: [] };
  return { ...caller, grants: [{ type: "repository", name, actions: ["pull", "push", "delete"] }] };
}
