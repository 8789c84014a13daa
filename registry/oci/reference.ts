import { Fault } from "../contract/fault.ts";

/** Distribution spec, "Pulling manifests": the grammar of repository names and of tags. */
const name = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+$/;
const tag = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** Image spec, "Digests": the two registered algorithms that every client knows. */
const digest = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

const longestName = 255;

export function isName(text: string): boolean {
  return text.length <= longestName && name.test(text);
}

/** The name of a repository with its project, `library/app`. Throws `NAME_INVALID`. */
export function toName(text: string): string {
  if (isName(text)) return text;
  if (text.length > longestName) {
    throw new Fault("NAME_INVALID", `a repository name has at most ${longestName} characters`);
  }
  if (!text.includes("/") && name.test(`project/${text}`)) {
    throw new Fault("NAME_INVALID", `${text} needs a project before it, as in library/${text}`);
  }
  throw new Fault(
    "NAME_INVALID",
    "a repository name is project/repository in lower-case letters and digits, with single dots, underscores or dashes inside",
  );
}

export function isTag(text: string): boolean {
  return tag.test(text);
}

/** Throws `TAG_INVALID`. */
export function toTag(text: string): string {
  if (isTag(text)) return text;
  throw new Fault(
    "TAG_INVALID",
    "a tag has at most 128 letters, digits, underscores, dots and dashes, and starts with a letter, digit or underscore",
  );
}

export function isDigest(text: string): boolean {
  return digest.test(text);
}

/** Throws `DIGEST_INVALID`. */
export function toDigest(text: string | null | undefined): string {
  if (typeof text === "string" && isDigest(text)) return text;
  throw new Fault(
    "DIGEST_INVALID",
    "a digest is sha256: or sha512: with 64 or 128 lower-case hexadecimal digits",
  );
}

/** Of a digest: `sha256` or `sha512`. */
export function algorithmOf(text: string): string {
  return text.slice(0, text.indexOf(":"));
}
