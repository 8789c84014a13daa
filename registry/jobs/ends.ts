import { Fault } from "../contract/fault.ts";
import type { Collections, JobDocument } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { JobKind, Jobs } from "./job.ts";
import type { JobLogs } from "./job-log.ts";
import { isOver, stopped } from "./outcome.ts";
import type { Queue } from "./queue.ts";
import type { Records } from "./records.ts";
import type { Runner } from "./runner.ts";

interface Deps {
  collection: Collections["jobs"];
  queue: Queue;
  records: Records;
  runner: Runner;
  logs: JobLogs;
  kinds: ReadonlyMap<string, JobKind<object>>;
  locks: Locks;
  now: () => Date;
}

/** Jobs stopped before other work has its turn. */
const slice = 500;

/** What people do with jobs: end them, begin them anew, clear them away. One thing at a time with each job. */
export function createEnds({
  collection,
  queue,
  records,
  runner,
  logs,
  kinds,
  locks,
  now,
}: Deps): Pick<Jobs, "stop" | "stopGroup" | "retry" | "remove"> {
  const alone = <T>(id: number, work: () => Promise<T>): Promise<T> => locks.lock(`job:${id}`, work);

  async function locate(id: number): Promise<JobDocument> {
    const document = await collection.get(String(id));
    if (!document) throw new Fault("NOT_FOUND", `job ${id} not found`);
    return document;
  }

  const stop = (id: number): Promise<void> =>
    alone(id, async () => {
      // It may have gone back to waiting, or begun again, by the time that an attempt has ended.
      for (let attempt; (attempt = queue.find(id)?.attempt); await attempt.done) attempt.end("stopped");
      const document = await locate(id);
      if (!isOver(document)) await stopWaiting(document);
    });

  async function stopWaiting(document: JobDocument): Promise<void> {
    const entry = queue.find(document.id);
    if (entry) queue.drop(entry);
    const end = { ...stopped(now()), awaits: undefined, reason: undefined };
    try {
      await collection.update(String(document.id), end);
    } catch (error) {
      if (entry) queue.put(entry.document);
      throw error;
    } finally {
      runner.pump();
    }
    records.tell({ ...document, ...end });
  }

  /** Makes one that waits run as soon as those before it let it. */
  async function hasten(id: number): Promise<boolean> {
    const entry = queue.find(id);
    if (entry?.document.status === "running")
      throw new Fault("PRECONDITION", `job ${id} is running: stop it first`);
    if (!entry) return false;
    if (entry.attempt) {
      // It has ended just now, and that is being written.
      await entry.attempt.done;
      return hasten(id);
    }
    const saved = records.save(entry, { due: now().toISOString(), awaits: undefined });
    runner.pump();
    await saved;
    return true;
  }

  async function beginAnew(document: JobDocument): Promise<void> {
    const { id, kind } = document;
    if (document.status === "success") throw new Fault("PRECONDITION", `job ${id} succeeded already`);
    if (!kinds.has(kind))
      throw new Fault("PRECONDITION", `this version does not know jobs of the kind ${kind}`);
    const alike = queue.findAlike(document);
    if (alike) throw new Fault("PRECONDITION", `job ${alike.document.id} waits to do the same`);
    const change: Partial<JobDocument> = {
      status: "pending",
      attempts: 0,
      due: now().toISOString(),
      reason: undefined,
      end_time: undefined,
    };
    await collection.update(String(id), change);
    const { document: waiting } = queue.put({ ...document, ...change });
    records.tell(waiting);
    runner.pump();
  }

  return {
    stop,

    async stopGroup(group) {
      const left = await collection.list({ where: { group, status: { in: ["pending", "running"] } } });
      // Those that wait first, so that none of them begins in the place of one that was stopped.
      const waiting = left.filter(({ status }) => status === "pending");
      const running = left.filter(({ status }) => status === "running");
      const all = [...waiting, ...running];
      for (let at = 0; at < all.length; at += slice) {
        await Promise.all(all.slice(at, at + slice).map(({ id }) => stop(id)));
      }
    },

    retry: (id) =>
      alone(id, async () => {
        if (!(await hasten(id))) await beginAnew(await locate(id));
      }),

    remove: (id) =>
      alone(id, async () => {
        const document = await locate(id);
        if (!isOver(document)) throw new Fault("PRECONDITION", `job ${id} is not over: stop it first`);
        await logs.remove(id);
        await collection.remove(String(id));
      }),
  };
}
