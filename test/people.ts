import type { Caller } from "../registry/access/caller.ts";
import { roles, type RoleName } from "../registry/contract/permission.ts";
import type { Berth } from "./harness.ts";

export const password = "Sailor-12345";

/** Adds a user, and signs in as that user. */
export async function addUser(berth: Berth, username: string): Promise<Caller & { id: number }> {
  const email = `${username}@example.test`;
  const { id } = await berth.client().users.create({ username, email, realname: username, password });
  return { ...(await berth.signIn(username, password)), id: Number(id) };
}

/** Adds a user who has that role in the project. */
export async function addMember(
  berth: Berth,
  project: string,
  role: RoleName,
): Promise<Caller & { id: number }> {
  const user = await addUser(berth, `${role.toLowerCase()}-of-${project}`);
  await berth.client().members.create({
    project_name_or_id: project,
    role_id: roles[role],
    member_user: { user_id: user.id },
  });
  return user;
}
