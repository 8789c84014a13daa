import { Fault } from "../contract/fault.ts";

/** Distribution spec, "Pulling manifests": the parts of a repository's path. */
const part = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const path = new RegExp(`^${part}(?:/${part})*$`);

/**
 * Where a repository goes: `namespace` stands for the first `count` parts of its path, -1 for all but the last. Of
 * `a/b/c/image` with `n`: -1 is `n/image`, 0 is `n/a/b/c/image`, 1 is `n/b/c/image`. No namespace keeps the path.
 *
 * Throws `BAD_REQUEST` when the path has fewer parts than that. Harbor: replication 5.
 */
export function destinationOf(repository: string, namespace: string, count: number): string {
  if (namespace === "") return repository;
  const parts = repository.split("/");
  if (count >= parts.length) {
    const has = parts.length === 2 ? "one part" : `${parts.length - 1} parts`;
    throw new Fault(
      "BAD_REQUEST",
      `${repository} has ${has} before its name, so ${count} cannot be replaced by ${namespace}`,
    );
  }
  return [namespace, ...(count < 0 ? parts.slice(-1) : parts.slice(count))].join("/");
}

/** Throws `BAD_REQUEST` for what no repository's path can begin with. */
export function assertNamespace(namespace: string): void {
  if (namespace === "" || path.test(namespace)) return;
  throw new Fault(
    "BAD_REQUEST",
    `the namespace ${namespace} is no path: it has lower-case letters and digits, with single dots, dashes or underscores inside`,
  );
}

/** The project of a repository: the first part of its path. */
export function projectOf(repository: string): string {
  return repository.slice(0, Math.max(repository.indexOf("/"), 0));
}
