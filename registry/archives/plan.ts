import { Fault } from "../contract/fault.ts";
import { isName } from "../oci/reference.ts";
import type { Listed, Root } from "./roots.ts";
import { shown } from "./tar-entries.ts";
import { addLeavesFirst, type createTrees, type Tree } from "./trees.ts";
import { notWhole, wholeOf } from "./whole.ts";

/** What is to be in one repository. */
export interface Planned {
  /** Without its project. */
  repository: string;
  /** By digest; what an index names comes before the index. */
  trees: Map<string, Tree>;
  /** The digest of each tag. */
  tags: Map<string, string>;
  /** What the archive lists there, once each, with the platforms that it has not. */
  listed: Map<string, string[]>;
}

interface Asked {
  project: string;
  /** Where all of it is to go, whatever the archive says. */
  repository: string | undefined;
  treeOf: ReturnType<typeof createTrees>["treeOf"];
}

type Placed = { root: Root; tree: Tree; left_out: string[] };

/**
 * What of an archive goes where, all of it known to be there and well named before anything is kept.
 *
 * Throws `MANIFEST_BLOB_UNKNOWN`, `MANIFEST_INVALID`, `NAME_INVALID`, `CONFLICT` for two things of one name, and
 * `UNPROCESSABLE_ENTITY` for what has no name, with `needs: "repository"` when one that is given would do.
 */
export async function planOf({ roots, own }: Listed, asked: Asked): Promise<Planned[]> {
  if (roots.length === 0) throw new Fault("BAD_REQUEST", "the archive holds no images");
  assertOneRepository(roots, asked.repository);
  const plans = new Map<string, Planned>();
  const waiting: Placed[] = [];
  for (const root of roots) {
    const found = await asked.treeOf(root.digest, root.media_type);
    if (!found) throw notWhole("its list of images", [root.digest]);
    if (own && found.missing.size > 0) throw notWhole(found.digest, found.missing);
    const placed = { root, ...wholeOf(found) };
    const repository = asked.repository ?? root.name.repository;
    if (repository === undefined) waiting.push(placed);
    else place(plans, repository, placed, asked.project);
  }
  placeReferrers(plans, waiting, asked.project);
  return [...plans.values()];
}

function place(plans: Map<string, Planned>, repository: string, placed: Placed, project: string): void {
  assertName(repository, placed.root, project);
  const plan = plans.get(repository) ?? newPlan(repository);
  plans.set(repository, plan);
  const { tree, left_out, root } = placed;
  const { tag } = root.name;
  const known = tag === undefined ? undefined : plan.tags.get(tag);
  if (known !== undefined && known !== tree.digest) {
    throw new Fault(
      "CONFLICT",
      `the archive has two images that would be ${repository}:${tag}: save them one by one, or name them apart`,
    );
  }
  if (tag !== undefined) plan.tags.set(tag, tree.digest);
  if (!plan.listed.has(tree.digest)) plan.listed.set(tree.digest, left_out);
  addLeavesFirst(plan.trees, tree);
}

function newPlan(repository: string): Planned {
  return { repository, trees: new Map(), tags: new Map(), listed: new Map() };
}

/** A signature or an SBOM without a name goes where what it is about is. */
function placeReferrers(plans: Map<string, Planned>, waiting: readonly Placed[], project: string): void {
  let left = [...waiting];
  for (let before = left.length + 1; left.length > 0 && left.length < before;) {
    before = left.length;
    left = left.filter((placed) => {
      const { subject } = placed.tree.manifest;
      const homes = [...plans.values()].filter(({ trees }) => subject !== undefined && trees.has(subject));
      for (const { repository } of homes) place(plans, repository, placed, project);
      return homes.length === 0;
    });
  }
  const [nameless] = left;
  if (!nameless) return;
  const { said } = nameless.root.name;
  throw new Fault(
    "UNPROCESSABLE_ENTITY",
    said === ""
      ? "the archive does not say what its images are called: choose the repository that they go to"
      : `the archive names only a tag, ${shown(said)}: choose the repository that it goes to`,
    { needs: "repository" },
  );
}

function assertOneRepository(roots: readonly Root[], repository: string | undefined): void {
  if (repository === undefined) return;
  const named = [...new Set(roots.flatMap(({ name }) => name.repository ?? []))].sort();
  if (named.length < 2) return;
  const some = named.slice(0, 5).join(", ") + (named.length > 5 ? ", …" : "");
  throw new Fault(
    "UNPROCESSABLE_ENTITY",
    `the archive has ${named.length} repositories (${shown(some)}): import it into the project, not into one of them`,
  );
}

function assertName(repository: string, { name }: Root, project: string): void {
  if (isName(`${project}/${repository}`)) return;
  throw new Fault(
    "NAME_INVALID",
    `${shown(name.said || repository)} in the archive cannot be the name of a repository: lower-case letters and digits, with single . _ - or / inside`,
  );
}
