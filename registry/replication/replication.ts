import type { Caller } from "../access/caller.ts";
import type { LogLine, SecretStore } from "../config.ts";
import type { Handlers } from "../contract/operation.ts";
import type { registries } from "../contract/registries.ts";
import type { executions, tasks } from "../contract/executions.ts";
import type { replication } from "../contract/replication.ts";
import type { Events } from "../events.ts";
import type { Jobs } from "../jobs/job.ts";
import type { Collections } from "../store/collections.ts";
import type { Locks } from "../store/locks.ts";
import type { Sequence } from "../store/sequence.ts";
import { createAnnouncer } from "./announcer.ts";
import { createChooser } from "./choosing.ts";
import { createDrafts } from "./drafts.ts";
import { createEndpoints } from "./endpoints.ts";
import { createExecutions } from "./executions.ts";
import { createFollowing } from "./following.ts";
import { createHealth } from "./health.ts";
import { createListing, takeUpListings } from "./listing.ts";
import { createLocal, type LocalDeps } from "./local.ts";
import { createOverview } from "./overview.ts";
import { createPeers } from "./peers.ts";
import { createPolicies } from "./policies.ts";
import { createPolicyViews } from "./policy-views.ts";
import { createReact } from "./react.ts";
import { createReplicate } from "./replicate.ts";
import { copyKind, createRuns, listingKind } from "./runs.ts";
import type { Peer } from "./side.ts";
import { createTallies } from "./tallies.ts";
import { createTasks } from "./tasks.ts";

interface Deps extends LocalDeps {
  collections: Collections;
  secrets: SecretStore;
  jobs: Jobs;
  events: Events;
  locks: Locks;
  sequence: Sequence;
  /** Whether other registries' certificates are checked at all. */
  verifyRemoteCert(): boolean;
  now: () => Date;
  log: (line: LogLine) => void;
}

export interface Replication {
  /** Those of the contract's resources that are about copying. */
  handlers: {
    registries: Handlers<typeof registries, Caller>;
    replication: Handlers<typeof replication, Caller>;
    executions: Handlers<typeof executions, Caller>;
    tasks: Handlers<typeof tasks, Caller>;
  };
  /** This registry, as copies see it. */
  local: Peer;
  /** An endpoint as a registry to read from; 0 is this one. Throws `NOT_FOUND`. */
  peerOf(registry_id: number): Promise<Peer>;
  /** Goes on where an earlier process stopped. After `jobs.start`. */
  start(): Promise<void>;
  /** Lets what happened become jobs, while there still can be new ones. Before `jobs.close`. */
  settle(): Promise<void>;
  /** Gives the connections back. After `jobs.close`. */
  close(): Promise<void>;
}

/** Copying between registries: endpoints, rules, their runs and jobs, joined. The order is the dependencies'. */
export function createReplication(deps: Deps): Replication {
  const { collections, events, jobs } = deps;
  const local = createLocal(deps);
  const peers = createPeers({ ...deps, local });
  const health = createHealth({ ...deps, peers });
  const announcer = createAnnouncer(events);
  const tallies = createTallies(collections);
  const runs = createRuns({ ...deps, announcer, isOver: tallies.isOver });
  const chooser = createChooser({ collections, peers });
  const drafts = createDrafts(collections);
  const views = createPolicyViews({ collections, jobs, tallies });
  const policies = createPolicies({ ...deps, drafts, views, runs, announcer });
  const executions = createExecutions({ ...deps, runs, tallies });
  const react = createReact({ ...deps, runs, worksOf: createFollowing({ collections, chooser }) });

  jobs.define(listingKind, createListing({ collections, chooser, runs, announcer }));
  jobs.define(copyKind, createReplicate({ collections, peers, changed: announcer.task }));

  return {
    handlers: {
      registries: createEndpoints({ ...deps, peers }),
      replication: {
        ...policies,
        ...createOverview({ collections, drafts, chooser, peers, views, jobs, events }),
      },
      executions,
      tasks: createTasks({ ...deps, executions }),
    },

    local,
    peerOf: peers.of,

    async start() {
      await takeUpListings({ collections, runs });
      await policies.takeUp();
      await react.start();
      health.start();
    },

    settle: react.close,

    async close() {
      announcer.close();
      await health.close();
      await peers.close();
    },
  };
}
