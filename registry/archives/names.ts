import { Fault } from "../contract/fault.ts";
import { isTag } from "../oci/reference.ts";
import { shown } from "./tar-entries.ts";

/** What an archive calls one of its images. */
export interface ArchiveName {
  /** Without its project; absent when the archive does not say. */
  repository?: string;
  /** Absent for what is known by its digest alone. */
  tag?: string;
  /** In the archive's own words. */
  said: string;
}

/** Of an OCI layout's descriptors. Image spec, "Pre-Defined Annotation Keys". */
export const refName = "org.opencontainers.image.ref.name";
/** Where containerd and docker put the whole name. */
export const imageName = "io.containerd.image.name";
/** Of an index that Berth wrote: the project. Then a `refName` is a repository of it, as it stands. */
export const ownProject = "vnd.berth.project";

/** What a descriptor's annotations call it; `own` when Berth wrote them. Throws `BAD_REQUEST`. */
export function nameOf(annotations: Readonly<Record<string, string>> = {}, own: boolean): ArchiveName {
  const { [refName]: ref = "", [imageName]: whole = "" } = annotations;
  if (own && ref !== "") return { ...split(ref), said: ref };
  // A short name beside a whole one is the whole one's tag.
  if (whole !== "" && !/[/:@]/.test(ref)) return dockerName(whole);
  if (ref === "") return { said: "" };
  if (/[/:@]/.test(ref)) return dockerName(ref);
  return { tag: tagOf(ref, ref), said: ref };
}

/** A name as docker writes it: host and project are left out, and without a tag it is `latest`. Throws `BAD_REQUEST`. */
export function dockerName(text: string): ArchiveName {
  const { repository, tag, digest } = split(text);
  const parts = repository.split("/");
  // Docker's own rule for what is a host.
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? "")) parts.shift();
  if (parts.length > 1) parts.shift();
  const latest = tag === undefined && digest === undefined ? { tag: "latest" } : {};
  return { repository: parts.join("/"), ...(tag === undefined ? latest : { tag }), said: text };
}

function split(text: string): { repository: string; tag?: string; digest?: string } {
  const at = text.indexOf("@");
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const digest = at === -1 ? {} : { digest: text.slice(at + 1) };
  if (colon <= named.lastIndexOf("/")) return { repository: named, ...digest };
  return { repository: named.slice(0, colon), tag: tagOf(named.slice(colon + 1), text), ...digest };
}

function tagOf(tag: string, said: string): string {
  if (isTag(tag)) return tag;
  throw new Fault("BAD_REQUEST", `the archive names an image ${shown(said)}, which has no valid tag`);
}
