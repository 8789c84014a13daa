import type { ReplicationFilter } from "../contract/replication.ts";
import type { ArtifactDocument, Collections, RepositoryDocument } from "../store/collections.ts";
import { namedProjects, namedRepositories } from "./names.ts";
import type { Listed } from "./side.ts";

type Needed = Pick<Collections, "projects" | "repositories" | "artifacts" | "tags">;

/** Repositories that are read at a time. */
const atOnce = 100;

/** What a rule may choose of this registry: what people call artifacts, and neither signatures nor untagged parts of an index. */
export async function* listLocal(
  collections: Needed,
  filters: readonly ReplicationFilter[],
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  const { projects } = collections;
  const open = new Map<number, boolean>();
  for await (const repository of repositoriesOf(collections, filters)) {
    signal.throwIfAborted();
    const { project_id } = repository;
    if (!open.has(project_id))
      open.set(project_id, (await projects.get(String(project_id)))?.public ?? false);
    for (const listed of await artifactsOf(collections, repository))
      yield { ...listed, public: open.get(project_id) ?? false };
  }
}

async function* repositoriesOf(
  { projects, repositories }: Needed,
  filters: readonly ReplicationFilter[],
): AsyncGenerator<RepositoryDocument> {
  const named = namedRepositories(filters);
  if (named) return yield* await repositories.list({ where: { name: { in: named } }, sort: ["name"] });
  const names = namedProjects(filters);
  const within = names && (await projects.list({ where: { name: { in: names } } }));
  const where = within ? { project_id: { in: within.map((project) => project.project_id) } } : {};
  // By number, which no rename and no removal moves.
  for (let from = 1; ;) {
    const found = await repositories.list({ where: { ...where, id: { from } }, sort: ["id"], limit: atOnce });
    yield* found;
    if (found.length < atOnce) return;
    from = (found.at(-1)?.id ?? 0) + 1;
  }
}

async function artifactsOf(
  { artifacts, tags }: Needed,
  { id: repository_id, name }: RepositoryDocument,
): Promise<Listed[]> {
  const all = await artifacts.list({ where: { repository_id }, sort: ["id"] });
  const named = new Map<string, string[]>();
  for (const tag of await tags.list({ where: { repository_id }, sort: ["name"] }))
    named.set(tag.digest, [...(named.get(tag.digest) ?? []), tag.name]);
  const children = new Set(all.flatMap((artifact) => artifact.children.map((child) => child.digest)));
  return all
    .filter(({ digest, subject }) => named.has(digest) || (subject === undefined && !children.has(digest)))
    .map((artifact) => ({
      repository: name,
      digest: artifact.digest,
      tags: named.get(artifact.digest) ?? [],
      labels: [],
      type: isImage(artifact) ? "IMAGE" : "UNKNOWN",
    }));
}

function isImage({ media_type, manifest_media_type }: ArtifactDocument): boolean {
  return (
    /index|manifest\.list/.test(manifest_media_type) ||
    /^application\/vnd\.(oci\.image|docker\.container\.image)\./.test(media_type)
  );
}
