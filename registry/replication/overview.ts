import type { Caller } from "../access/caller.ts";
import type { Handlers } from "../contract/operation.ts";
import type { replication as operations } from "../contract/replication.ts";
import type { Events } from "../events.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections } from "../store/collections.ts";
import type { Chooser } from "./choosing.ts";
import type { Drafts } from "./drafts.ts";
import type { Peers } from "./peers.ts";
import type { createPolicyViews } from "./policy-views.ts";
import { copyKind, listingKind, type Work } from "./runs.ts";
import { withoutWaiting } from "./waiting.ts";
import { Fault } from "../contract/fault.ts";

type Resource = Pick<Handlers<typeof operations, Caller>, "preview" | "overview" | "pause">;

interface Deps {
  collections: Pick<Collections, "policies" | "jobs">;
  drafts: Drafts;
  chooser: Chooser;
  peers: Peers;
  views: ReturnType<typeof createPolicyViews>;
  jobs: Jobs;
  events: Events;
}

/** Repositories that a preview names. */
const shown = 100;
/** Milliseconds that somebody waits for a preview. */
const patience = 60_000;

/** Replication as a whole, and what a rule that is not there yet would do. */
export function createOverview({ collections, drafts, chooser, peers, views, jobs, events }: Deps): Resource {
  return {
    async preview(draft) {
      const choosing = await drafts.toChoosing(draft);
      const signal = AbortSignal.timeout(patience);
      const { works, problems } = await withoutWaiting(() => chooser.everything(choosing, signal)).catch(
        (error: unknown) => {
          if (!signal.aborted || error instanceof Fault) throw error;
          throw new Fault("SERVICE_UNAVAILABLE", "the other registry takes too long to tell what it has");
        },
      );
      const target = await peers.of(choosing.dest_registry_id);
      const warnings = [...problems, ...unfit(works, target.assertName), ...collisionsOf(works)];
      return {
        repositories: works.slice(0, shown).map(({ source, destination, references = [] }) => ({
          source,
          destination,
          references: references.length,
        })),
        total: works.length,
        warnings: warnings.slice(0, shown),
      };
    },

    async overview() {
      const open = await views.unfinished();
      const copies = [...open.values()].flat().filter(({ kind }) => kind === copyKind);
      const enabled = await collections.policies.list({ where: { enabled: true } });
      const states = await Promise.all(
        enabled.map(async (policy) => (await views.toPolicy(policy, open)).state),
      );
      const running = copies.filter(({ status }) => status === "running").length;
      return {
        paused: jobs.isPaused(copyKind),
        running,
        waiting: copies.length - running,
        failing: states.filter((state) => state === "failing").length,
      };
    },

    async pause({ paused }) {
      for (const kind of [copyKind, listingKind]) await jobs.pause(kind, paused);
      events.emit({ name: "policy.changed" });
    },
  };
}

/** Names that the other side cannot have. */
function unfit(works: readonly Work[], assertName: (repository: string) => void): string[] {
  return works.flatMap(({ destination }) => {
    try {
      assertName(destination);
      return [];
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return [error.message];
    }
  });
}

/** Of two that land in one place the later one wins. Harbor: replication 5. */
function collisionsOf(works: readonly Work[]): string[] {
  const sources = new Map<string, string[]>();
  for (const { source, destination } of works) {
    sources.set(destination, [...(sources.get(destination) ?? []), source]);
  }
  return [...sources].flatMap(([destination, from]) =>
    from.length > 1
      ? [`${from.join(", ")} all become ${destination}: of a tag that several have, one stays`]
      : [],
  );
}
