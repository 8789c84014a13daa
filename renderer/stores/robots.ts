import { defineStore } from "pinia";
import type { Input } from "../../registry/contract/operation.ts";
import type { Robot, robots as operations } from "../../registry/contract/robots.ts";
import { useClient } from "../client.ts";
import { useEvents } from "./events.ts";
import { createListing } from "./listing.ts";

export type RobotDraft = Input<typeof operations.create>;
export interface RobotsQuery {
  /** Absent for the system's own. */
  project_id?: number;
  page: number;
  page_size: number;
  sort: string;
}

/** Accounts for programs: those of one project, or those of the system. */
export const useRobots = defineStore("robots", () => {
  const client = useClient();
  let shown: number | undefined;
  const listing = createListing(({ project_id, ...query }: RobotsQuery) => {
    shown = project_id;
    const q = project_id === undefined ? "Level=system" : `Level=project,ProjectID=${project_id}`;
    return client.robots.list({ ...query, q });
  });
  useEvents().follow(
    (event) => event.name === "project.changed" && event.project_id === shown,
    () => void listing.refresh(),
  );

  /** The robot's full name and its secret, which is told only now. */
  async function create(draft: RobotDraft): Promise<{ name: string; secret: string }> {
    const { name, secret } = await client.robots.create(draft);
    await listing.refresh();
    return { name, secret };
  }

  async function change(robot: Robot, changes: Partial<Robot>): Promise<void> {
    const { id, name, description, level, duration, disable, permissions } = { ...robot, ...changes };
    await client.robots.update({ robot_id: id, name, description, level, duration, disable, permissions });
    await listing.refresh();
  }

  async function renew({ id, name }: Robot): Promise<{ name: string; secret: string }> {
    const { secret } = await client.robots.refresh({ robot_id: id });
    return { name, secret };
  }

  async function remove({ id }: Robot): Promise<void> {
    await client.robots.remove({ robot_id: id });
    await listing.refresh();
  }

  return { ...listing, create, change, renew, remove };
});
