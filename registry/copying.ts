import { anonymous } from "./access/caller.ts";
import { adminId } from "./access/users.ts";
import type { LogLine, SecretStore } from "./config.ts";
import type { Settings } from "./contract/configuration.ts";
import type { Events } from "./events.ts";
import { createJobs } from "./jobs/jobs.ts";
import type { Jobs } from "./jobs/job.ts";
import type { Oci } from "./oci/oci.ts";
import type { Projects } from "./projects/projects.ts";
import type { Keeping } from "./proxy/fetching.ts";
import { createProxy, type Proxy } from "./proxy/proxy.ts";
import { createLocalUploads } from "./replication/local-uploads.ts";
import { createReplication, type Replication } from "./replication/replication.ts";
import type { Blobs } from "./store/blobs.ts";
import type { Collections } from "./store/collections.ts";
import type { Layout } from "./store/layout.ts";
import type { Locks } from "./store/locks.ts";
import type { Sequence } from "./store/sequence.ts";

interface Deps {
  collections: Collections;
  blobs: Blobs;
  oci: Oci;
  secrets: SecretStore;
  events: Events;
  locks: Locks;
  sequence: Sequence;
  layout: Pick<Layout, "jobs">;
  projects: Pick<Projects, "create">;
  settings: { readonly current: Readonly<Settings> };
  now: () => Date;
  log: (line: LogLine) => void;
}

export interface Copying extends Pick<Replication, "handlers" | "peerOf"> {
  jobs: Jobs;
  proxy: Proxy;
  /** Goes on with what an earlier process left. Whoever has work for jobs has said so before. */
  start(): Promise<void>;
  /** Ends what runs, to go on after the next start. The store must be open. */
  close(): Promise<void>;
}

/** Jobs, and what moves artifacts between this registry and others by them, joined. */
export function createCopying(deps: Deps): Copying {
  const { collections, projects, oci, settings, layout, log } = deps;
  const jobs = createJobs({ ...deps, folder: layout.jobs });

  /** What is made for a copy is the administrator's. */
  async function createProject(project_name: string, open: boolean): Promise<void> {
    const user = await collections.users.get(String(adminId));
    await projects.create(
      { project_name, public: open },
      { ...anonymous("replication"), ...(user && { user }) },
    );
  }

  const replication = createReplication({
    ...deps,
    jobs,
    createProject,
    readOnly: () => settings.current.read_only,
    verifyRemoteCert: () => settings.current.verify_remote_cert,
  });
  const { handlers, peerOf } = replication;
  const keeping: Keeping = (project) =>
    createLocalUploads({ oci, placeOf: (name) => Promise.resolve({ project, name }) });
  const proxy = createProxy({ collections, oci, keeping, peerOf, log });
  return {
    handlers,
    peerOf,
    jobs,
    proxy,

    async start() {
      await jobs.start();
      await replication.start();
    },

    async close() {
      await replication.settle();
      await jobs.close();
      await proxy.close();
      await replication.close();
    },
  };
}
