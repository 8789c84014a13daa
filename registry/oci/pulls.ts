import type { Events } from "../events.ts";
import type { ArtifactDocument, Collections, TagDocument } from "../store/collections.ts";

export interface Pulls {
  /** Counts one pull, in memory: a pull never waits for the disk. */
  count(artifact: ArtifactDocument, tag: TagDocument | undefined): void;
  /** Writes what was counted. Call it before the store closes. */
  flush(): Promise<void>;
}

interface Pulled {
  artifact: ArtifactDocument;
  tag: TagDocument | undefined;
  count: number;
  last: Date;
}

/** Milliseconds from the first pull to the writing of its count; what a crash may lose. */
const delay = 1000;

/** Counts the pulls of repositories, artifacts and tags. `GET` of a manifest is a pull, `HEAD` is not. Harbor API 24. */
export function createPulls({ pulls }: Pick<Collections, "pulls">, events: Events, now: () => Date): Pulls {
  let counted = new Map<string, Pulled>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  async function add(what: string, { count, last }: Sum): Promise<void> {
    const known = await pulls.get(what);
    await pulls.put({ what, count: (known?.count ?? 0) + count, pull_time: last.toISOString() });
  }

  async function write(): Promise<void> {
    const batch = [...counted.values()];
    counted = new Map();
    await Promise.all([...sumsOf(batch)].map(([what, sum]) => add(what, sum)));
    for (const { artifact, tag } of batch) {
      const { project_id, repository_name, digest } = artifact;
      const project_name = repository_name.slice(0, repository_name.indexOf("/"));
      const named = tag ? { tag: tag.name } : {};
      events.emit({ name: "artifact.pulled", project_id, project_name, repository_name, digest, ...named });
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, since each reads a count and writes it back.
    writing = writing.then(write, write);
    return writing;
  }

  return {
    flush,

    count(artifact, tag) {
      const key = tag ? `${artifact.id}:${tag.id}` : String(artifact.id);
      const known = counted.get(key);
      if (known) {
        known.count += 1;
        known.last = now();
      } else {
        counted.set(key, { artifact, tag, count: 1, last: now() });
      }
      // A count that cannot be written, on a full disk, is worth less than the registry's life.
      timer ??= setTimeout(() => void flush().catch(() => undefined), delay).unref();
    },
  };
}

type Sum = Pick<Pulled, "count" | "last">;

/** By the keys of the `pulls` collection: a pull counts for the repository, the artifact, and the tag it was asked by. */
function sumsOf(batch: readonly Pulled[]): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { artifact, tag, count, last } of batch) {
    const keys = [
      `repository:${artifact.repository_id}`,
      `artifact:${artifact.id}`,
      ...(tag ? [`tag:${tag.id}`] : []),
    ];
    for (const key of keys) {
      const known = sums.get(key);
      sums.set(key, {
        count: count + (known?.count ?? 0),
        last: known && known.last > last ? known.last : last,
      });
    }
  }
  return sums;
}
