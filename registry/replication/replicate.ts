import { LRUCache } from "lru-cache";
import { Fault } from "../contract/fault.ts";
import type { JobKind, Running } from "../jobs/job.ts";
import type { Collections, JobDocument, PolicyDocument } from "../store/collections.ts";
import { removeAll } from "./removing.ts";
import { projectOf } from "./destination.ts";
import { chooseBy } from "./filters.ts";
import type { Peers } from "./peers.ts";
import type { About } from "./runs.ts";
import type { Peer, SideManifest } from "./side.ts";
import { copyReferences, type Copying } from "./transfer.ts";
import { withWaiting } from "./waiting.ts";

interface Deps {
  collections: Pick<Collections, "policies" | "projects">;
  peers: Pick<Peers, "of">;
  changed(job: JobDocument): void;
}

/** Jobs that copy at the same time: more of them would only share one line. */
const atOnce = 3;
/** Milliseconds that a project is known to be there. */
const prepared = 60_000;

/** The work of one job: copies a repository's tags and digests, or deletes there what was deleted here. */
export function createReplicate({ collections, peers, changed }: Deps): JobKind<About> {
  const { policies, projects } = collections;
  /** Projects that were found or made on the other side a moment ago, so that a run of many jobs asks once. */
  const ready = new LRUCache<string, true>({ max: 1000, ttl: prepared });

  /** A missing project is made as open as the one here. The user guide: its members do not go along. */
  async function prepare({ about, signal, log }: Running<About>, policy: PolicyDocument, target: Peer) {
    const name = projectOf(about.destination);
    const key = `${about.execution_id} ${name}`;
    if (name === "" || ready.has(key)) return;
    const isPush = policy.src_registry_id === 0;
    const source = isPush ? await projects.find({ name: projectOf(about.source) }) : undefined;
    await target.prepare([{ name, public: (isPush ? source?.public : about.public) ?? false }], signal);
    log("info", `project ${name} of ${target.name} is there`);
    ready.set(key, true);
  }

  async function copy(job: Running<About>, policy: PolicyDocument): Promise<void> {
    const { source: from, destination: to, references = [] } = job.about;
    const [source, target] = [
      await peers.of(policy.src_registry_id),
      await peers.of(policy.dest_registry_id),
    ];
    const { platforms, imagesOnly } = chooseBy(policy.filters);
    const limit = policy.speed > 0 ? policy.speed * 128 : undefined;
    job.log("info", `${from} of ${source.name} goes to ${to} of ${target.name}: ${references.join(", ")}`);
    if (limit !== undefined) job.log("info", `at most ${limit} bytes a second`);
    target.assertName(to);
    await prepare(job, policy, target);
    const { signal, log, kept, keep } = job;
    const sent = countSent(job);
    const progress = sent.progress;
    const copying: Copying = {
      source,
      target,
      from,
      to,
      override: policy.override,
      platforms,
      limit,
      signal,
      log,
      kept,
      keep,
      progress,
    };
    const chosen = imagesOnly ? await imagesAmong(copying, references) : references;
    try {
      const results = [...(await copyReferences(copying, chosen)).values()];
      const count = (wanted: string): number => results.filter((result) => result === wanted).length;
      log(
        "info",
        `${count("copied")} copied, ${count("same")} there already, ${results.length - count("copied") - count("same")} left out`,
      );
    } catch (error) {
      await sent.keep();
      throw error;
    }
  }

  return {
    atOnce: () => atOnce,
    changed,

    async run(job) {
      const policy = await policies.get(String(job.about.policy_id));
      if (!policy) throw new Fault("NOT_FOUND", "the rule of this job is gone");
      await withWaiting(policy, async () => {
        if (job.about.operation === "copy") return copy(job, policy);
        const [source, target] = [
          await peers.of(policy.src_registry_id),
          await peers.of(policy.dest_registry_id),
        ];
        return removeAll({ job, source, target, choice: chooseBy(policy.filters) });
      });
    },
  };
}

/** Adds up what all attempts have sent. */
function countSent({ kept, keep, progress }: Running<About>) {
  const before = typeof kept.sent_bytes === "number" ? kept.sent_bytes : 0;
  let now = 0;
  return {
    progress(numbers: Record<string, number>): void {
      now = numbers.sent_bytes ?? now;
      progress({ ...numbers, sent_bytes: before + now });
    },
    keep: () => (now > 0 ? keep({ sent_bytes: before + now }) : Promise.resolve()),
  };
}

/** What a listing did not tell the kind of is looked at. What is gone is left to the copying to tell of. */
async function imagesAmong(
  { source, from, signal, log }: Copying,
  references: readonly string[],
): Promise<string[]> {
  const images: string[] = [];
  for (const reference of references) {
    const manifest = await source.manifest(from, reference, signal);
    if (!manifest || isImage(manifest)) images.push(reference);
    else log("info", `${reference} is no image: skipped`);
  }
  return images;
}

function isImage({ media_type, bytes }: SideManifest): boolean {
  if (/index|manifest\.list|docker\.distribution\.manifest\.v1\+/.test(media_type)) return true;
  const { config } = JSON.parse(bytes.toString("utf8")) as { config?: { mediaType?: unknown } };
  return (
    typeof config?.mediaType === "string" &&
    /^application\/vnd\.(oci\.image|docker\.container\.image)\./.test(config.mediaType)
  );
}
