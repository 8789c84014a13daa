import { createHash } from "node:crypto";
import { adminId } from "../access/users.ts";
import { secretKeys } from "../contract/configuration.ts";
import { roles } from "../contract/permission.ts";
import type { Collections, ProjectDocument } from "../store/collections.ts";
import { createCopySubjects } from "./copy-subjects.ts";

/** What an operation is about, as the log names it. */
export interface Subject {
  resource: string;
  project_id?: number | undefined;
  operation_description?: string;
}

export type Values = Readonly<Record<string, unknown>>;
export type SubjectOf = (name: string, resource_type: string, values: Values) => Promise<Subject>;

export interface SubjectDeps {
  collections: Pick<Collections, "projects" | "users" | "members" | "groups" | "robots" | "resets"> &
    Parameters<typeof createCopySubjects>[0];
  /** The settings as they stand. */
  settings: () => Values;
}

/**
 * Finds the names of what an operation's input says by numbers. Only what is named here goes into the log: no other field
 * of an input, and so no secret, gets there.
 */
export function createSubjects({ collections, settings }: SubjectDeps): SubjectOf {
  const { projects, users, members, groups, robots, resets } = collections;
  const copySubjectOf = createCopySubjects(collections);

  async function projectOf(values: Values): Promise<ProjectDocument | undefined> {
    const which = values.project_name_or_id ?? values.project_name ?? ownProject(values);
    if (typeof which === "number") return projects.get(String(which));
    return typeof which === "string" ? projects.find({ name: which }) : undefined;
  }

  async function userOf({ user_id, username, principal, token }: Values): Promise<string> {
    if (user_id !== undefined)
      return (await users.get(textOf(user_id)))?.username ?? `user ${textOf(user_id)}`;
    if (typeof principal === "string") {
      const named = await users.find({ username: principal });
      return (named ?? (await users.find({ email: principal.toLowerCase() })))?.username ?? principal;
    }
    if (typeof token !== "string") return textOf(username);
    const link = await resets.get(createHash("sha256").update(token).digest("base64url"));
    return link ? ((await users.get(String(link.user_id)))?.username ?? "") : "";
  }

  async function memberOf(
    { mid, member_user, member_group }: Values,
    project: ProjectDocument | undefined,
  ): Promise<string> {
    const named = mid === undefined ? undefined : await members.get(textOf(mid));
    // A member of another project is not there, and is not told of here.
    const kept = named?.project_id === project?.project_id ? named : undefined;
    if (kept?.entity_type === "g") return (await groups.get(String(kept.entity_id)))?.group_name ?? "";
    if (kept) return userOf({ user_id: kept.entity_id });
    if (isObject(member_user)) {
      const { user_id, username } = member_user;
      return userOf(user_id === undefined ? { username } : { user_id });
    }
    return isObject(member_group) ? groupOf({ ...member_group, group_id: member_group.id }) : "";
  }

  async function groupOf({ group_id, group_name, ldap_group_dn }: Values): Promise<string> {
    const known = group_id === undefined ? undefined : await groups.get(textOf(group_id));
    return known?.group_name ?? (textOf(group_name) || textOf(ldap_group_dn));
  }

  async function robotOf(values: Values, project: ProjectDocument | undefined): Promise<Subject> {
    const known = values.robot_id === undefined ? undefined : await robots.get(textOf(values.robot_id));
    if (known) return { resource: known.name, project_id: known.project_id };
    if (values.robot_id !== undefined) return { resource: `robot ${textOf(values.robot_id)}` };
    return { resource: `robot$${project ? `${project.name}+` : ""}${textOf(values.name)}` };
  }

  /** The names of those that become other ones, and nothing of what they are. */
  function changed(values: Values): string {
    const now = settings();
    const names = Object.keys(values).filter((key) => {
      const value = values[key];
      if (value === undefined) return false;
      return (secretKeys as readonly string[]).includes(key) ? value !== "" : value !== now[key];
    });
    return names.join(", ");
  }

  async function resourceOf(
    kind: string,
    values: Values,
    project: ProjectDocument | undefined,
  ): Promise<Subject> {
    const place = project?.name ?? textOf(values.project_name_or_id ?? values.project_name);
    const repository = `${place}/${textOf(values.repository_name)}`;
    switch (kind) {
      case "project":
        return { resource: place };
      case "repository":
        return { resource: repository };
      case "artifact":
        return { resource: referenceOf(repository, textOf(values.reference)) };
      case "tag":
        return { resource: `${repository}:${textOf(values.tag_name ?? values.name)}` };
      case "member":
        return { resource: `${place}/${await memberOf(values, project)}` };
      case "user":
        return { resource: listOf(values.ldap_uid_list) ?? (await userOf(values)) };
      case "group":
        return { resource: await groupOf(values) };
      case "robot":
        return robotOf(values, project);
      case "configuration":
        return { resource: changed(values) };
      default:
        return { resource: (await copySubjectOf(kind, values)) ?? textOf(values.name ?? values.id) };
    }
  }

  return async function subjectOf(name, resource_type, values) {
    const project = await projectOf(values);
    const about = name === "system.begin" ? { user_id: adminId } : values;
    const found = await resourceOf(resource_type, about, project);
    return {
      ...(project ? { project_id: project.project_id } : {}),
      ...found,
      operation_description: descriptionOf(name, values),
    };
  };
}

/** `project/repository:tag`, or with `@` and a digest. */
export function referenceOf(repository: string, reference: string): string {
  return `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
}

/** What is changed, where the operation's name does not say. */
function descriptionOf(name: string, values: Values): string {
  if (name === "users.setPassword" || name === "users.reset" || name === "system.begin") return "password";
  if (name === "robots.refresh") return "secret";
  if (name === "users.setAdmin")
    return values.sysadmin_flag === true ? "to administrator" : "to ordinary user";
  const role = Object.entries(roles).find(([, id]) => id === values.role_id)?.[0];
  if (role) return `as ${role}`;
  const isPublic = isObject(values.metadata) ? (values.metadata.public ?? values.public) : values.public;
  if (isPublic === undefined) return "";
  return isPublic === true || isPublic === "true" ? "public" : "private";
}

/** A robot of a project names it in its permissions. */
function ownProject({ level, permissions }: Values): unknown {
  const [first] = level === "project" && Array.isArray(permissions) ? (permissions as unknown[]) : [];
  return isObject(first) ? first.namespace : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function listOf(value: unknown): string | undefined {
  return Array.isArray(value) ? value.map(textOf).join(", ") : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
