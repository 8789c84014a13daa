import { isDeepStrictEqual } from "node:util";
import type { Caller } from "../access/caller.ts";
import { Fault } from "../contract/fault.ts";
import type { Handlers } from "../contract/operation.ts";
import type { replication as operations } from "../contract/replication.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections, PolicyDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { listingOf } from "../store/query.ts";
import type { Sequence } from "../store/sequence.ts";
import type { Announcer } from "./announcer.ts";
import type { Drafts } from "./drafts.ts";
import { scheduleOf, type createPolicyViews } from "./policy-views.ts";
import { ruleLock, type Runs } from "./runs.ts";

type Resource = Pick<
  Handlers<typeof operations, Caller>,
  "list" | "create" | "get" | "update" | "enable" | "remove"
>;

interface Deps {
  collections: Pick<Collections, "policies" | "projects" | "executions">;
  drafts: Drafts;
  views: ReturnType<typeof createPolicyViews>;
  runs: Runs;
  jobs: Jobs;
  announcer: Announcer;
  locks: Locks;
  sequence: Sequence;
  now: () => Date;
}

export interface Policies extends Resource {
  /** Goes on with what enabled rules do by themselves: those by the clock, and those whose first run a crash kept from beginning. */
  takeUp(): Promise<void>;
}

const listed = ["id", "name", "trigger", "enabled", "creation_time", "update_time"] as const;

/** Rules for copying, with the user guide's guards: what is on is not changed, what is off does nothing. */
export function createPolicies(deps: Deps): Policies {
  const { collections, drafts, views, runs, jobs, announcer, locks, sequence, now } = deps;
  const { policies, projects } = collections;

  async function locate(id: number): Promise<PolicyDocument> {
    const found = await policies.get(String(id));
    if (!found) throw new Fault("NOT_FOUND", `there is no rule ${id}`);
    return found;
  }

  async function assertFree(name: string, id?: number): Promise<void> {
    const known = await policies.find({ name });
    if (known && known.id !== id) throw new Fault("CONFLICT", `rule ${name} already exists`);
  }

  /** Alone with the rule, and while no endpoint and no other rule is changed. */
  const change = <T>(id: number, work: () => Promise<T>): Promise<T> =>
    locks.lock("rules", () => locks.lock(ruleLock(id), work));

  /** Writes a rule while what it names cannot go away. */
  async function write(policy: PolicyDocument): Promise<void> {
    const { project_id } = policy;
    if (project_id === undefined) return policies.put(policy);
    await locks.lock(`project:${project_id}`, async () => {
      if (!(await projects.get(String(project_id))))
        throw new Fault("NOT_FOUND", "the project of this rule is gone");
      await policies.put(policy);
    });
  }

  async function schedule({ id, cron }: PolicyDocument): Promise<void> {
    if (cron !== undefined) await jobs.schedule(scheduleOf(id), cron, () => startByClock(id));
  }

  async function startByClock(id: number): Promise<void> {
    await locks.lock(ruleLock(id), async () => {
      const policy = await policies.get(String(id));
      if (!policy?.enabled || policy.trigger !== "scheduled") return;
      // One that has not even listed yet, for want of the network, does the same.
      const waits = await collections.executions.find({
        policy_id: id,
        trigger: "scheduled",
        status: "running",
      });
      if (!waits) await runs.begin(policy, "scheduled");
    });
  }

  /** What a rule does by itself from now on. One that follows what happens copies what is there already. */
  async function switchOn(policy: PolicyDocument): Promise<void> {
    if (policy.trigger === "scheduled") await schedule(policy);
    if (policy.trigger !== "event_based") return;
    const heard = now().toISOString();
    await runs.begin(policy, "event_based");
    await policies.update(String(policy.id), { heard });
  }

  async function setEnabled(id: number, enabled: boolean): Promise<void> {
    const update_time = now().toISOString();
    await policies.update(String(id), { enabled, update_time, ...(enabled ? { heard: undefined } : {}) });
    if (enabled) return switchOn(await locate(id));
    await jobs.unschedule(scheduleOf(id));
    await runs.stopAll(id);
  }

  return {
    async list({ name, project_name, ...input }) {
      const { where, ...listing } = listingOf<PolicyDocument>(input, { fields: listed, sort: ["name"] });
      const project = project_name === undefined ? undefined : await projects.find({ name: project_name });
      if (project_name !== undefined && !project)
        throw new Fault("NOT_FOUND", `there is no project ${project_name}`);
      const narrowed = {
        ...where,
        ...(name === undefined ? {} : { name: { contains: name } }),
        ...(project ? { project_id: project.project_id } : {}),
      };
      const open = await views.unfinished();
      const found = await policies.list({ ...listing, where: narrowed });
      const items = await Promise.all(found.map((policy) => views.toPolicy(policy, open)));
      return { items, total: await policies.count(narrowed) };
    },

    get: async ({ id }) => views.toPolicy(await locate(id), await views.unfinished()),

    create: ({ enabled, ...draft }) =>
      locks.lock("rules", async () => {
        await assertFree(draft.name);
        const facts = await drafts.toFacts({ enabled, ...draft });
        const id = await sequence.next("policies");
        const time = now().toISOString();
        const policy: PolicyDocument = { id, ...facts, enabled, creation_time: time, update_time: time };
        await locks.lock(ruleLock(id), async () => {
          await write(policy);
          if (enabled) await switchOn(policy);
        });
        announcer.policy(id);
        return { id };
      }),

    async update({ id, enabled, ...draft }) {
      await change(id, async () => {
        const { enabled: before, heard: _, creation_time, update_time: __, ...current } = await locate(id);
        const facts = await drafts.toFacts({ enabled, ...draft });
        await assertFree(draft.name, id);
        const isSame = isDeepStrictEqual(plain({ id, ...facts }), plain(current));
        if (!isSame && before) {
          throw new Fault(
            "PRECONDITION",
            `rule ${current.name} is enabled: disable it first, then change it`,
          );
        }
        if (!isSame) {
          await write({
            id,
            ...facts,
            enabled: before,
            creation_time,
            update_time: now().toISOString(),
          });
        }
        if (enabled !== before) await setEnabled(id, enabled);
      });
      announcer.policy(id);
    },

    async enable({ id, enabled }) {
      await change(id, async () => {
        if ((await locate(id)).enabled !== enabled) await setEnabled(id, enabled);
      });
      announcer.policy(id);
    },

    async remove({ id }) {
      await change(id, async () => {
        const { name, enabled } = await locate(id);
        if (enabled) throw new Fault("PRECONDITION", `rule ${name} is enabled: disable it first`);
        if (await runs.isActive(id))
          throw new Fault("PRECONDITION", `rule ${name} has jobs that are not over: wait, or stop them`);
        await policies.remove(String(id));
        await jobs.unschedule(scheduleOf(id));
        await runs.removeAll(id);
      });
      announcer.policy(id);
    },

    async takeUp() {
      // What was being switched off when the process was killed.
      for (const id of (await views.unfinished()).keys())
        if (!(await policies.get(String(id)))?.enabled) await runs.stopAll(id);
      const enabled = await policies.list({ where: { enabled: true }, sort: ["id"] });
      for (const policy of enabled) {
        if (policy.trigger === "scheduled") await schedule(policy);
        if (policy.trigger === "event_based" && policy.heard === undefined) await switchOn(policy);
      }
    },
  };
}

/** As it comes back from the store: without what is `undefined`. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
