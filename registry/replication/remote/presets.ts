import type { RegistryType } from "../../contract/registries.ts";

/** What talking to a kind of registry depends on. */
export interface Kind {
  /** Speaks Harbor's API beside the distribution spec. */
  harbor: boolean;
  /** Lists its repositories, to who may ask, by `_catalog`. */
  catalog: boolean;
  /** How many parts with slashes between them a repository's name has. */
  parts: { least: number; most: number };
}

const many = Number.POSITIVE_INFINITY;

export const kinds: Readonly<Record<RegistryType, Kind>> = {
  berth: { harbor: true, catalog: true, parts: { least: 2, most: many } },
  harbor: { harbor: true, catalog: true, parts: { least: 2, most: many } },
  "docker-registry": { harbor: false, catalog: true, parts: { least: 1, most: many } },
  "docker-hub": { harbor: false, catalog: false, parts: { least: 2, most: 2 } },
  "github-ghcr": { harbor: false, catalog: false, parts: { least: 2, most: many } },
  quay: { harbor: false, catalog: false, parts: { least: 2, most: many } },
  gitlab: { harbor: false, catalog: false, parts: { least: 2, most: many } },
  "aws-ecr": { harbor: false, catalog: true, parts: { least: 1, most: many } },
};

/** Names by which people know a registry whose API is elsewhere. */
export const aliases: Readonly<Record<string, string>> = {
  "docker.io": "https://registry-1.docker.io",
  "hub.docker.com": "https://registry-1.docker.io",
  "index.docker.io": "https://registry-1.docker.io",
};

/** Where a registry's tokens come from when that is another host: pairs that their owners have published. */
export const tokenHosts: Readonly<Record<string, string>> = {
  "registry-1.docker.io": "auth.docker.io",
  "registry.gitlab.com": "gitlab.com",
};

/** Endings of names under which strangers are neighbours, beside those such as `co.uk`. */
export const sharedEndings: ReadonlySet<string> = new Set([
  "amazonaws.com",
  "appspot.com",
  "azurewebsites.net",
  "azurecontainerapps.io",
  "cloudfront.net",
  "duckdns.org",
  "fly.dev",
  "github.io",
  "gitlab.io",
  "herokuapp.com",
  "netlify.app",
  "ngrok-free.app",
  "ngrok.io",
  "nip.io",
  "onrender.com",
  "pages.dev",
  "run.app",
  "sslip.io",
  "trycloudflare.com",
  "ts.net",
  "vercel.app",
  "web.app",
  "workers.dev",
]);
