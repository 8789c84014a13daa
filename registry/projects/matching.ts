/** Enough of what matches to choose from; more is a matter of typing another letter. */
const most = 50;

/** What a search is for. Everything is lower-case. */
export interface Wanted {
  /** A part of the name of a project or a repository. */
  name: string;
  /** A part of a tag; absent when no tag can be meant. */
  tag: string | undefined;
  /** The beginning of a digest, with or without its algorithm. */
  digest: string | undefined;
  /** Tag and digest are of repositories with that name, as in `library/app:1.2`. */
  within: boolean;
}

/** A digest, or the first 6 digits of one and more. */
const digestForm = /^(?:sha(?:256|512):)?[0-9a-f]{6,128}$/;

export function wantedOf(q: string): Wanted {
  const text = q.trim().toLowerCase();
  if (digestForm.test(text)) {
    return { name: text, tag: text.includes(":") ? undefined : text, digest: text, within: false };
  }
  const [, name = "", sign, rest = ""] = /^([^:@]+)([:@])(.*)$/.exec(text) ?? [];
  const asked = rest === "" ? undefined : rest;
  if (sign === "@") return { name, tag: undefined, digest: asked, within: true };
  if (sign === ":") return { name, tag: asked, digest: undefined, within: true };
  return { name: text, tag: text === "" ? undefined : text, digest: undefined, within: false };
}

/**
 * How well a name fits: 0 when it is that, or its last part is; 1 when it, or a part of it, begins so; 2 when that is
 * anywhere in it; `undefined` when it is not.
 */
export function rankIn(name: string, part: string): number | undefined {
  const at = name.indexOf(part);
  if (at < 0) return undefined;
  if (name.length === part.length || name.endsWith(`/${part}`)) return 0;
  return at === 0 || name.includes(`/${part}`) ? 1 : 2;
}

/** Keeps the best fifty, those that came first counting more among equals. */
export function createBest<T>(): { add(rank: number | undefined, value: T): void; values(): T[] } {
  const ranked: T[][] = [[], [], []];
  return {
    add(rank, value) {
      const equals = rank === undefined ? undefined : ranked[rank];
      if (equals && equals.length < most) equals.push(value);
    },
    values: () => ranked.flat().slice(0, most),
  };
}
