import type { LogLine } from "../config.ts";
import { Fault } from "../contract/fault.ts";
import type { Events } from "../events.ts";
import type { Collections, PolicyDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import { gather, isTold, type Happenings, type Told } from "./happenings.ts";
import { ruleLock, type Runs, type Work } from "./runs.ts";

interface Deps {
  collections: Pick<Collections, "policies" | "repositories" | "tags">;
  events: Events;
  locks: Locks;
  runs: Runs;
  /** What a rule makes of it. */
  worksOf(policy: PolicyDocument, happenings: readonly Happenings[]): Promise<Work[]>;
  now: () => Date;
  log: (line: LogLine) => void;
}

export interface React {
  /** Makes up for what was pushed before an earlier process was killed, and listens from then on. */
  start(): Promise<void>;
  /** What has happened by now is jobs when it resolves. */
  close(): Promise<void>;
}

/** Milliseconds in which things happen together: a push of many tags is one run. */
const together = 150;
/** Milliseconds until what could not be written is tried again. */
const later = 30_000;
/** Milliseconds: a tag may be there that long before it is told of. */
const slack = 5_000;

/** Lets rules follow what happens in this registry. */
export function createReact({ collections, events, locks, runs, worksOf, now, log }: Deps): React {
  const { policies, repositories, tags } = collections;
  let waiting: Told[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  let deaf: () => void = () => undefined;
  /** What an earlier process left is jobs too. */
  let isCaughtUp = false;

  const followers = (): Promise<PolicyDocument[]> =>
    policies.list({ where: { trigger: "event_based", enabled: true }, sort: ["id"] });

  function hear(event: Told): void {
    waiting.push(event);
    timer ??= setTimeout(flush, together);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    working = working.then(work);
  }

  async function work(): Promise<void> {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    const found = gather(batch);
    const until = batch.at(-1)?.at ?? now().toISOString();
    const results = await Promise.allSettled(
      (await followers()).map(({ id }) => follow(id, found, before(until, slack))),
    );
    const reasons = results.flatMap((result): unknown[] =>
      result.status === "rejected" ? [result.reason] : [],
    );
    for (const reason of reasons)
      log({ level: "error", message: "what happened is not replicated", reason: String(reason) });
    if (!reasons.some(mayPass)) return;
    // Rules that have followed already find nothing to do the second time.
    waiting = [...batch, ...waiting];
    timer ??= setTimeout(flush, later).unref();
  }

  /** Under the rule's lock: one that is switched off meanwhile begins nothing more. */
  async function follow(id: number, found: readonly Happenings[], heard: string): Promise<void> {
    await locks.lock(ruleLock(id), async () => {
      const policy = await policies.get(String(id));
      if (!policy?.enabled || policy.trigger !== "event_based") return;
      const works = await worksOf(policy, found);
      if (works.length > 0) await runs.follow(policy, works);
      if (works.length > 0 && (policy.heard ?? "") < heard) await policies.update(String(id), { heard });
    });
  }

  /** Tags that were moved since a rule last heard of one. */
  async function pushedSince(time: string): Promise<Told[]> {
    const moved = await tags.list({ where: { push_time: { from: time } }, sort: ["push_time", "id"] });
    const found = await Promise.all(
      moved.map(async ({ repository_id, name: tag, digest, push_time: at }): Promise<Told[]> => {
        const repository = await repositories.get(String(repository_id));
        if (!repository) return [];
        const { project_id, name: repository_name } = repository;
        return [{ name: "artifact.pushed", at, project_id, repository_name, tag, digest }];
      }),
    );
    return found.flat();
  }

  async function catchUp(): Promise<void> {
    const heard = now().toISOString();
    const all = await followers();
    const oldest = all.flatMap((policy) => policy.heard ?? []).sort()[0];
    const missed = oldest === undefined ? [] : await pushedSince(oldest);
    for (const policy of all) {
      const { heard: last } = policy;
      if (last !== undefined) await follow(policy.id, gather(missed.filter(({ at }) => at >= last)), heard);
    }
    await hearUntil(heard);
  }

  /** Notes that all rules know what happened until then. */
  async function hearUntil(heard: string): Promise<void> {
    for (const { id, heard: last } of await followers()) {
      if (last !== undefined && last < heard) await policies.update(String(id), { heard });
    }
  }

  return {
    async start() {
      deaf = events.on((event) => {
        if (isTold(event)) hear(event);
      });
      await catchUp();
      isCaughtUp = true;
    },

    async close() {
      deaf();
      const heard = now().toISOString();
      flush();
      await working;
      clearTimeout(timer);
      if (isCaughtUp && waiting.length === 0) await hearUntil(heard);
    },
  };
}

/** A disk that takes nothing may take it later. */
function mayPass(error: unknown): boolean {
  return error instanceof Fault && ["INSUFFICIENT_STORAGE", "SERVICE_UNAVAILABLE"].includes(error.code);
}

function before(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) - milliseconds).toISOString();
}
