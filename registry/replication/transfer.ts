import { setMaxListeners } from "node:events";
import { Fault } from "../contract/fault.ts";
import type { Running } from "../jobs/job.ts";
import { forEach } from "./at-once.ts";
import { createAttached } from "./attached.ts";
import { createBlobCopies } from "./blob-copies.ts";
import { createLedger } from "./ledger.ts";
import { createManifestCopies, isManifest, readManifest } from "./manifest-copies.ts";
import { areNarrowed, type Platforms } from "./platforms.ts";
import { narrowTo } from "./narrowing.ts";
import type { Side, SideManifest } from "./side.ts";

/** What one job copies: references of one repository into one repository. */
export interface Copying extends Pick<Running<object>, "signal" | "log" | "kept" | "keep"> {
  source: Side;
  target: Side;
  /** Repositories with their projects: on the source, and on the target. */
  from: string;
  to: string;
  /** A tag that names something else on the target is replaced. */
  override: boolean;
  /** `linux/arm64` and the like, of which an index keeps only those; empty `matches` are all. */
  platforms: Platforms;
  /** Bytes a second; absent is without limit. */
  limit?: number | undefined;
  /** Told the fields of `ReplicationTask.progress`, summed over all references of this `Copying`. */
  progress(numbers: Record<string, number>): void;
}

/**
 * `same`: it was there. `differs`: the tag names something else there and was left. `skipped`: nothing of it is of a chosen
 * platform. `gone`: the source has it no more. The log says so in each case.
 */
export type Copied = "copied" | "same" | "differs" | "skipped" | "gone";

/** References of one job that are under way at the same time; most of it is waiting for small answers. */
const atOnce = 4;
const jobs = new WeakMap<Copying, (reference: string) => Promise<Copied>>();

/**
 * Copies what a tag or digest names, with all that it is made of and all that refers to it: children first, the tag last.
 *
 * Throws `Again` for what may pass, `Fault` for what will not, and the signal's reason.
 */
export function copyReference(copying: Copying, reference: string): Promise<Copied> {
  const copy = jobs.get(copying) ?? createCopy(copying);
  jobs.set(copying, copy);
  return copy(reference);
}

/**
 * The same for many, some at a time: one that fails for good is logged and does not stop the others.
 *
 * Throws the first `Again` without beginning more, at the end the first `Fault`, and at once the signal's reason.
 */
export async function copyReferences(
  copying: Copying,
  references: readonly string[],
): Promise<Map<string, Copied>> {
  const results = new Map<string, Copied>();
  const failed: { reference: string; fault: Fault }[] = [];
  await forEach(references, atOnce, async (reference) => {
    try {
      results.set(reference, await copyReference(copying, reference));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      copying.log("error", `${reference} failed: ${error.message}`);
      failed.push({ reference, fault: error });
    }
  });
  const [first] = failed;
  if (!first) return results;
  const { reference, fault } = first;
  if (failed.length === 1 && references.length === 1) throw fault;
  throw new Fault(
    fault.code,
    `${failed.length} of ${references.length} failed; the first, ${reference}: ${fault.message}`,
  );
}

function createCopy(copying: Copying): (reference: string) => Promise<Copied> {
  const { source, target, from, to, override, platforms, signal, log } = copying;
  // Whatever waits in the job listens to it.
  setMaxListeners(0, signal);
  const ledger = createLedger(copying.progress);
  const blobs = createBlobCopies(copying, ledger);
  const manifests = createManifestCopies(copying, blobs, ledger);
  const attach = createAttached({ copying, manifests, copyTag: copyWhole });

  const gone = (reference: string): Copied => {
    log("info", `${reference} is not in ${from} of ${source.name} any more`);
    return "gone";
  };

  const differs = (reference: string): Copied => {
    log("warn", `${reference} names something else in ${to} of ${target.name}, which is not to be replaced`);
    return "differs";
  };

  /** Also of the children of an index, each of which may be signed by itself. */
  async function attachAll(manifest: SideManifest, depth: number): Promise<void> {
    await attach(manifest.digest, depth);
    const { children } = readManifest(manifest);
    await forEach(children.filter(isManifest), atOnce, ({ digest }) => attach(digest, depth));
  }

  /** For what is there already: its manifest is read where that costs nothing. */
  async function attachKnown(digest: string, depth: number): Promise<void> {
    const near = source.near ? source.manifest(from, digest, signal) : undefined;
    const manifest = await (near ?? (target.near ? target.manifest(to, digest, signal) : undefined));
    await (manifest ? attachAll(manifest, depth) : attach(digest, depth));
  }

  async function put(reference: string, manifest: SideManifest): Promise<void> {
    await target.putManifest(to, reference, manifest, signal);
    log("info", `${reference} copied to ${to} of ${target.name} (${manifest.digest})`);
  }

  async function copyWhole(reference: string, depth: number): Promise<Copied> {
    const [digest, there] = await Promise.all([
      source.digestOf(from, reference, signal),
      target.digestOf(to, reference, signal),
    ]);
    if (digest === undefined) return gone(reference);
    if (digest === there) {
      await attachKnown(digest, depth);
      return "same";
    }
    if (there !== undefined && !override) return differs(reference);
    const manifest = await source.manifest(from, digest, signal);
    if (!manifest) return gone(reference);
    await manifests.contents(manifest);
    // What vouches for it is there before its name.
    await attachAll(manifest, depth);
    await put(reference, manifest);
    return "copied";
  }

  async function copyNarrowed(reference: string): Promise<Copied> {
    const manifest = await source.manifest(from, reference, signal);
    if (!manifest) return gone(reference);
    const narrowed = await narrowTo(copying, reference, manifest);
    if (!narrowed) return "skipped";
    const byDigest = reference.includes(":");
    const wanted = byDigest ? narrowed.digest : reference;
    const there = await target.digestOf(to, wanted, signal);
    if (there !== undefined && there !== narrowed.digest && !override) return differs(reference);
    if (there !== narrowed.digest) await manifests.contents(narrowed);
    // Signatures of the whole are none of a part.
    await attachAll(narrowed, 0);
    if (there === narrowed.digest) return "same";
    await put(wanted, narrowed);
    return "copied";
  }

  return async (reference) => {
    signal.throwIfAborted();
    ledger.item();
    const result = await (areNarrowed(platforms) ? copyNarrowed(reference) : copyWhole(reference, 0));
    ledger.itemDone();
    return result;
  };
}
