import { Fault } from "../contract/fault.ts";
import type { Running } from "../jobs/job.ts";
import type { Choice } from "./filters.ts";
import type { About } from "./runs.ts";
import type { Peer } from "./side.ts";

interface Removing {
  job: Running<About>;
  source: Peer;
  target: Peer;
  choice: Choice;
}

/**
 * Deletes on the other side what was deleted here: a repository, or of it tags and digests. What is here again by then stays
 * there too, so that a job that was late undoes nothing.
 */
export async function removeAll({ job, source, target, choice }: Removing): Promise<void> {
  const { source: from, destination: to, references } = job.about;
  const { signal, log } = job;
  const failed: { reference: string; fault: Fault }[] = [];

  async function removeOne(reference: string): Promise<void> {
    if ((await source.digestOf(from, reference, signal)) !== undefined)
      return log("info", `${reference} is in ${from} again: left`);
    if (reference.includes(":")) await target.removeArtifact(to, reference, signal);
    else await target.removeTag(to, reference, signal);
    log("info", `${reference} deleted from ${to} of ${target.name}`);
  }

  /** A rule that chooses among tags deletes those it chooses: the others are not its own. */
  async function referencesOf(): Promise<readonly string[] | undefined> {
    if (references) return references;
    const left = (await source.tags(from, signal)).length > 0;
    if (left) log("info", `${from} is there again: only what it lacks is deleted`);
    return left || choice.narrows ? (await target.tags(to, signal)).filter(choice.tag) : undefined;
  }

  const wanted = await referencesOf();
  if (wanted === undefined) {
    await target.removeRepository(to, signal);
    return log("info", `${to} of ${target.name} deleted`);
  }
  for (const reference of wanted) {
    signal.throwIfAborted();
    try {
      await removeOne(reference);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log("error", `${reference} failed: ${error.message}`);
      failed.push({ reference, fault: error });
    }
  }
  const [first] = failed;
  if (!first) return;
  const all = failed.map(({ reference, fault }) => `${reference}: ${fault.message}`);
  throw new Fault(first.fault.code, all.slice(0, 10).join("; "));
}
