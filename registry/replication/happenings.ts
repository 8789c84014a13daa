import type { RegistryEvent } from "../contract/event.ts";

/** What happened to one repository in a moment, the last word on each of its tags and artifacts. */
export interface Happenings {
  project_id: number;
  repository: string;
  /** It was deleted; what else is told came after that. */
  emptied: boolean;
  /** Tags that were moved. */
  pushed: Set<string>;
  /** Digests that were pushed without a tag: signatures, or parts of something. */
  untagged: Set<string>;
  /** Tags that were taken away. */
  removedTags: Set<string>;
  /** Artifacts that were deleted, with the tags that went with them. */
  removedArtifacts: Map<string, readonly string[]>;
}

const told = ["artifact.pushed", "artifact.removed", "tag.removed", "repository.removed"] as const;
/** An event of a repository's contents. */
export type Told = Omit<RegistryEvent, "name"> & {
  name: (typeof told)[number];
  project_id: number;
  repository_name: string;
};

export function isTold(event: RegistryEvent): event is RegistryEvent & Told {
  const isKnown = (told as readonly string[]).includes(event.name);
  return isKnown && event.project_id !== undefined && event.repository_name !== undefined;
}

/** Sums up what happened, by repository, in the order of its beginning. */
export function gather(events: readonly Told[]): Happenings[] {
  const found = new Map<string, Happenings>();
  for (const event of events) {
    const { project_id, repository_name: repository } = event;
    const known = found.get(repository) ?? none(project_id, repository);
    found.set(repository, known);
    note(known, event);
  }
  return [...found.values()];
}

function none(project_id: number, repository: string): Happenings {
  return {
    project_id,
    repository,
    emptied: false,
    pushed: new Set(),
    untagged: new Set(),
    removedTags: new Set(),
    removedArtifacts: new Map(),
  };
}

function note(known: Happenings, { name, tag, tags = [], digest = "" }: Told): void {
  const { pushed, untagged, removedTags, removedArtifacts } = known;
  if (name === "artifact.pushed" && tag !== undefined) {
    pushed.add(tag);
    removedTags.delete(tag);
  } else if (name === "artifact.pushed") {
    untagged.add(digest);
  } else if (name === "tag.removed" && tag !== undefined) {
    pushed.delete(tag);
    removedTags.add(tag);
  } else if (name === "artifact.removed") {
    for (const gone of tags) pushed.delete(gone);
    untagged.delete(digest);
    removedArtifacts.set(digest, tags);
  } else if (name === "repository.removed") {
    for (const all of [pushed, untagged, removedTags, removedArtifacts]) all.clear();
    known.emptied = true;
  }
}
