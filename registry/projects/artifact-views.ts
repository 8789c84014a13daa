import type { Accessory, Artifact, Tag } from "../contract/artifacts.ts";
import { apiPrefix, fillPath } from "../contract/path.ts";
import type { ArtifactDocument, Collections, RepositoryDocument, TagDocument } from "../store/collections.ts";
import { matches, parseQuery, sortBy } from "../store/query.ts";

/** What Harbor says for a thing that was never pulled. */
const never = "0001-01-01T00:00:00.000Z";

interface Wanted {
  with_tag: boolean;
  with_accessory: boolean;
  [other: string]: boolean;
}

export interface ArtifactViews {
  /** What a person calls the artifacts of a repository: no signatures, and no children of an index that have no tag. */
  listed(
    repository: RepositoryDocument,
    asked: { q?: string | undefined; sort?: string | undefined },
  ): Promise<ArtifactDocument[]>;
  toArtifact(artifact: ArtifactDocument, wanted: Wanted): Promise<Artifact>;
  tagsOf(artifact: ArtifactDocument): Promise<Tag[]>;
  accessoriesOf(artifact: ArtifactDocument): Promise<Accessory[]>;
}

/** Stored artifacts as the API shows them. */
export function createArtifactViews({
  artifacts,
  tags,
  pulls,
}: Pick<Collections, "artifacts" | "tags" | "pulls">): ArtifactViews {
  const pulled = async (what: string): Promise<string> => (await pulls.get(what))?.pull_time ?? never;

  async function toTag(
    { id, repository_id, name, push_time }: TagDocument,
    artifact: ArtifactDocument,
  ): Promise<Tag> {
    const pull_time = await pulled(`tag:${id}`);
    return { id, repository_id, artifact_id: artifact.id, name, push_time, pull_time, immutable: false };
  }

  async function tagsOf(artifact: ArtifactDocument): Promise<Tag[]> {
    const where = { repository_id: artifact.repository_id, digest: artifact.digest };
    const found = await tags.list({ where, sort: ["-push_time", "-id"] });
    return Promise.all(found.map((tag) => toTag(tag, artifact)));
  }

  async function accessoriesOf({
    id,
    repository_id,
    repository_name,
    digest,
  }: ArtifactDocument): Promise<Accessory[]> {
    const found = await artifacts.list({
      where: { repository_id, subject: digest },
      sort: ["push_time", "id"],
    });
    return found.map((accessory) => ({
      id: accessory.id,
      artifact_id: accessory.id,
      subject_artifact_id: id,
      subject_artifact_digest: digest,
      subject_artifact_repo: repository_name,
      size: accessory.size,
      digest: accessory.digest,
      type: accessoryType(accessory.artifact_type),
      artifact_type: accessory.artifact_type,
      icon: "",
      creation_time: accessory.push_time,
    }));
  }

  async function referencesOf(artifact: ArtifactDocument): Promise<Artifact["references"]> {
    return Promise.all(
      artifact.children.map(async ({ digest, platform, annotations }) => ({
        parent_id: artifact.id,
        child_id: (await artifacts.get(`${artifact.repository_id}@${digest}`))?.id ?? 0,
        child_digest: digest,
        ...(platform ? { platform } : {}),
        ...(annotations ? { annotations } : {}),
      })),
    );
  }

  return {
    tagsOf,
    accessoriesOf,

    async listed({ id }, { q, sort }) {
      const all = await artifacts.list({ where: { repository_id: id } });
      const named = new Map<string, string[]>();
      for (const { digest, name } of await tags.list({ where: { repository_id: id } })) {
        named.set(digest, [...(named.get(digest) ?? []), name]);
      }
      const children = new Set(all.flatMap((artifact) => artifact.children.map((child) => child.digest)));
      const { base, tags: wanted, ...fields } = parseQuery(q);
      const shown = all.filter((artifact) => {
        const names = named.get(artifact.digest) ?? [];
        const basic = artifact.subject === undefined && (names.length > 0 || !children.has(artifact.digest));
        return (basic || base === "*") && namesMatch(names, wanted) && matches(artifact, fields, filtered);
      });
      return sortBy(shown, sort, filtered, ["-push_time", "-id"]);
    },

    async toArtifact(artifact, { with_tag, with_accessory }) {
      const { manifest_size: _, blobs, children: __, subject: ___, ...shown } = artifact;
      const isImage = artifact.media_type !== "";
      const [project_name = "", ...rest] = artifact.repository_name.split("/");
      const links: Artifact["addition_links"] = {};
      const path = fillPath(historyPath, {
        project_name,
        repository_name: rest.join("/"),
        reference: artifact.digest,
      });
      if (isImage) links.build_history = { href: apiPrefix + path, absolute: false };
      return {
        ...shown,
        type: typeOf(artifact),
        icon: "",
        pull_time: await pulled(`artifact:${artifact.id}`),
        references: await referencesOf(artifact),
        layers: isImage ? blobs.slice(1) : blobs,
        tags: with_tag ? await tagsOf(artifact) : [],
        addition_links: links,
        labels: [],
        accessories: with_accessory ? await accessoriesOf(artifact) : [],
      };
    },
  };
}

const historyPath =
  "/projects/{project_name}/repositories/{repository_name}/artifacts/{reference}/additions/build_history";
const filtered = [
  "id",
  "digest",
  "media_type",
  "manifest_media_type",
  "artifact_type",
  "push_time",
  "size",
] as const;

/** `tags=*` is tagged, `tags=nil` untagged, `tags=~x` a part of one, `tags=x` one. Harbor API 6.2. */
function namesMatch(names: readonly string[], wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (wanted === "*") return names.length > 0;
  if (wanted === "nil") return names.length === 0;
  return wanted.startsWith("~")
    ? names.some((name) => name.includes(wanted.slice(1)))
    : names.includes(wanted);
}

/** Harbor API 6.1: `IMAGE`, `CHART` …, else the name inside `application/vnd.<x>.<name>.config.<v>+json`. */
function typeOf({ media_type, children, manifest_media_type }: ArtifactDocument): string {
  if (children.length > 0 || /index|manifest\.list/.test(manifest_media_type)) return "IMAGE";
  if (/^application\/vnd\.(oci\.image|docker\.container\.image)\./.test(media_type)) return "IMAGE";
  if (media_type.startsWith("application/vnd.cncf.helm.")) return "CHART";
  const [, name] = /^application\/vnd\.[^.]+\.(.+)\.config\.[^.]+\+json$/.exec(media_type) ?? [];
  return name?.toUpperCase() ?? "UNKNOWN";
}

function accessoryType(artifact_type: string): string {
  if (/cosign|sigstore\.bundle/.test(artifact_type)) return "signature.cosign";
  return artifact_type === "application/vnd.cncf.notary.signature"
    ? "signature.notation"
    : "subject.accessory";
}
