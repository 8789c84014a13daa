import { forEach, once } from "./at-once.ts";
import type { ManifestCopies } from "./manifest-copies.ts";
import type { Copied, Copying } from "./transfer.ts";

/** Signatures of signatures of signatures: deeper is nobody's wish. */
const deepest = 5;
/** What cosign appends to the tag that stands for a digest. */
const endings = [".sig", ".att", ".sbom"];

interface Deps {
  copying: Copying;
  manifests: ManifestCopies;
  /** Copies what a tag names. */
  copyTag(tag: string, depth: number): Promise<Copied>;
}

/** What refers to a manifest and goes where it goes: signatures, attestations, SBOMs, by `subject` or by cosign's tags. */
export function createAttached({ copying, manifests, copyTag }: Deps) {
  const { source, target, from, to, signal, log } = copying;
  const done = new Map<string, Promise<void>>();
  let tags: Promise<ReadonlySet<string>> | undefined;

  async function copy(
    digest: string,
    depth: number,
    attach: (digest: string, depth: number) => Promise<void>,
  ): Promise<void> {
    if (depth > deepest) return log("warn", `what refers to ${digest} is nested too deep, and stays behind`);
    tags ??= source.tags(from, signal).then((found) => new Set(found));
    const held = await tags;
    const listed = await source.referrers(from, digest, signal, held);
    if (listed.length > 0) {
      const there = new Set((await target.referrers(to, digest, signal)).map((piece) => piece.digest));
      await forEach(listed, 3, async (piece) => {
        if (!there.has(piece.digest) && !(await manifests.copyReferrer(piece, digest))) return;
        await attach(piece.digest, depth + 1);
      });
    }
    for (const ending of endings) {
      const tag = digest.replace(":", "-") + ending;
      if (held.has(tag)) await copyTag(tag, depth + 1);
    }
  }

  /**
   * Makes sure that the target has all that refers to this digest, and in turn to that. What is under way already is waited for
   * at the top alone: a registry may say that something refers to itself.
   */
  return async function attach(digest: string, depth = 0): Promise<void> {
    if (depth > 0 && done.has(digest)) return;
    await once(done, digest, () => copy(digest, depth, attach));
  };
}
