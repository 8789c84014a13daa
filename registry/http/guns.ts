import { isName } from "../oci/reference.ts";

/** A collection of trust data, as its clients name it, and the repository here that it is of. */
export interface Gun {
  /** `localhost:5143/library/app`: the name of the registry is a part of it, and is signed with it. */
  gun: string;
  /** With its project, `library/app`. */
  repository_name: string;
}

const longest = 255;

/**
 * Finds the repository that a collection's name means: its first part must be a name of this registry, as for Harbor. Any
 * port will do: the same registry answers on several, and what was signed under one must not be lost with it.
 */
export function createGuns(isOwnHost: (name: string) => boolean) {
  return function findGun(gun: string): Gun | undefined {
    const slash = gun.indexOf("/");
    const [, host] =
      /^(\[[0-9a-f:.]+\]|[^:[\]@\s]+)(?::\d{1,5})?$/i.exec(gun.slice(0, Math.max(slash, 0))) ?? [];
    const repository_name = gun.slice(slash + 1);
    if (gun.length > longest || host === undefined || !isName(repository_name)) return undefined;
    return isOwnHost(host.toLowerCase()) ? { gun, repository_name } : undefined;
  };
}

export type FindGun = ReturnType<typeof createGuns>;
