import { Fault } from "../contract/fault.ts";
import type { Collections, PolicyDocument, RepositoryDocument } from "../store/collections.ts";
import type { Chooser } from "./choosing.ts";
import { destinationOf } from "./destination.ts";
import { chooseBy, isAccessoryTag, subjectOfTag, type Choice } from "./filters.ts";
import type { Happenings } from "./happenings.ts";
import { keyOf, type About, type Work } from "./runs.ts";

interface Deps {
  collections: Pick<Collections, "repositories" | "artifacts" | "tags" | "jobs">;
  chooser: Chooser;
}

/** Subjects of subjects that are looked up: a signature of an SBOM of an image. */
const deepest = 5;

/** What a rule has to do for what happened here. */
export function createFollowing({ collections, chooser }: Deps) {
  const { repositories, artifacts, tags } = collections;

  /** What a signature is about, by its tags or else its digest: it goes where that goes. */
  async function subjectsOf({ id }: RepositoryDocument, digest: string): Promise<string[]> {
    let subject = digest;
    for (let depth = 0; depth < deepest; depth += 1) {
      const next = (await artifacts.get(`${id}@${subject}`))?.subject;
      if (next === undefined) break;
      subject = next;
    }
    const named = await tags.list({ where: { repository_id: id, digest: subject } });
    const plain = named.map((tag) => tag.name).filter((tag) => !isAccessoryTag(tag));
    return plain.length > 0 ? plain : [subject];
  }

  /** The tags and digests to copy, before the rule has chosen among them. */
  async function pushedIn({ repository: name, pushed, untagged }: Happenings): Promise<string[]> {
    const repository = await repositories.find({ name });
    if (!repository) return [];
    const found = [...pushed].filter((tag) => !isAccessoryTag(tag));
    const subjects = [...pushed].flatMap((tag) => subjectOfTag(tag) ?? []);
    for (const digest of subjects) found.push(...(await subjectsOf(repository, digest)));
    for (const digest of untagged) {
      // Parts of an index go with it; what is pushed by its digest and is about nothing waits for a name.
      const about = (await artifacts.get(`${repository.id}@${digest}`))?.subject;
      if (about !== undefined) found.push(...(await subjectsOf(repository, digest)));
    }
    return [...new Set(found)];
  }

  /** One that waits, the last of its repository, reads what is there when it begins: it does this too. */
  async function isWaiting(
    policy_id: number,
    repository: string,
    references: readonly string[],
  ): Promise<boolean> {
    const where = {
      key: keyOf(policy_id, repository),
      status: { in: ["pending" as const, "running" as const] },
    };
    const last = (await collections.jobs.list({ where, sort: ["-id"], limit: 1 }))[0];
    if (last?.status !== "pending") return false;
    const about = last.about as unknown as About;
    return about.operation === "copy" && references.every((one) => about.references?.includes(one));
  }

  return async function worksOf(policy: PolicyDocument, happenings: readonly Happenings[]): Promise<Work[]> {
    const choice = chooseBy(await chooser.filtersOf(policy));
    const hosts = await chooser.hosts(policy);
    const works: Work[] = [];
    for (const happening of happenings) {
      const { repository: source, emptied } = happening;
      if (!choice.repository(source)) continue;
      const destination = toDestination(policy, source);
      if (destination === undefined) continue;
      const about = { source, destination, ...hosts };
      const removed = policy.deletion ? removedIn(happening, choice) : [];
      if (policy.deletion && emptied) works.push({ operation: "deletion", ...about });
      if (removed.length > 0) works.push({ operation: "deletion", ...about, references: removed });
      const references = chosenOf(await pushedIn(happening), choice);
      const isNew = references.length > 0 && !(await isWaiting(policy.id, source, references));
      if (isNew || (references.length > 0 && (emptied || removed.length > 0)))
        works.push({ operation: "copy", ...about, references });
    }
    return works;
  };
}

function chosenOf(references: readonly string[], choice: Choice): string[] {
  return references.filter((reference) => {
    const isDigest = reference.includes(":");
    const tags = isDigest ? [] : [reference];
    return choice.references({ ...(isDigest ? { digest: reference } : {}), tags, labels: [] }).length > 0;
  });
}

/** Tags that the rule chooses, and artifacts of which it chose something. */
function removedIn({ removedTags, removedArtifacts }: Happenings, choice: Choice): string[] {
  const { matches, excludes } = choice.platforms;
  // Under the chosen platforms it has another digest there.
  const isNarrowed = matches.length > 0 || excludes.length > 0;
  const isOwn = (tag: string): boolean => choice.tag(tag) || isAccessoryTag(tag);
  const found = [...removedTags].filter(isOwn);
  for (const [digest, tags] of removedArtifacts) {
    if (isNarrowed) found.push(...tags.filter(isOwn));
    else if (tags.length === 0 ? choice.tag("") : tags.some(isOwn)) found.push(digest);
  }
  return [...new Set(found)];
}

/** A path that is too short for the rule has been told of by the run over everything, and no run can help it. */
function toDestination(policy: PolicyDocument, source: string): string | undefined {
  try {
    return destinationOf(source, policy.dest_namespace, policy.dest_namespace_replace_count);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
