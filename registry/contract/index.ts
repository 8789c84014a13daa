import { artifacts } from "./artifacts.ts";
import { audit } from "./audit.ts";
import { configurations } from "./configuration.ts";
import { ldap, usergroups } from "./ldap.ts";
import { members } from "./members.ts";
import type { Contract, Operation } from "./operation.ts";
import { projects } from "./projects.ts";
import { registries } from "./registries.ts";
import { executions, tasks } from "./executions.ts";
import { replication } from "./replication.ts";
import { repositories } from "./repositories.ts";
import { robots } from "./robots.ts";
import { system } from "./system.ts";
import { session, users } from "./users.ts";
import { desktop } from "./desktop.ts";

/** Every operation that the registry answers, over REST and over IPC alike. */
export const contract = {
  projects,
  members,
  repositories,
  artifacts,
  users,
  session,
  system,
  configurations,
  audit,
  ldap,
  usergroups,
  robots,
  registries,
  replication,
  executions,
  tasks,
};
export type RegistryContract = typeof contract;

/** What the window may ask: the registry's operations, and those that only a desktop has. */
export const windowContract = { ...contract, desktop };
export type WindowContract = typeof windowContract;

/** Every operation of a contract with its name, `resource.verb`. */
export function operationsOf(whole: Contract): { name: string; operation: Operation }[] {
  return Object.entries(whole).flatMap(([resource, operations]) =>
    Object.entries(operations).map(([verb, operation]) => ({ name: `${resource}.${verb}`, operation })),
  );
}

/** The operation that `resource.verb` names, if there is one; names come from outside. */
export function findOperation(name: string): Operation | undefined {
  const [resource = "", verb = ""] = name.split(".");
  const operations = own(windowContract, resource);
  return operations && own(operations as Record<string, Operation>, verb);
}

function own<T extends object, V = T[keyof T]>(object: T, key: string): V | undefined {
  return Object.hasOwn(object, key) ? (object as Record<string, V>)[key] : undefined;
}
