import { statfs } from "node:fs/promises";
import type { Caller } from "../access/caller.ts";
import type { Settings } from "../contract/configuration.ts";
import type { Handlers } from "../contract/operation.ts";
import type { system as operations } from "../contract/system.ts";
import { Fault } from "../contract/fault.ts";
import type { TlsState } from "../contract/tls.ts";
import type { SignIn } from "../access/sign-in.ts";
import type { Users } from "../access/users.ts";
import { adminId } from "../access/users.ts";
import type { Collections } from "../store/collections.ts";
import type { Projects } from "./projects.ts";
import type { Sizes } from "./sizes.ts";

interface Deps {
  collections: Collections;
  projects: Projects;
  users: Users;
  signIn: SignIn;
  settings: { readonly current: Settings };
  sizes: Sizes;
  search: Handlers<typeof operations, Caller>["search"];
  version: string;
  dataDir: string;
  /** `host:port` by which docker names images here. */
  address(): string;
  /** The address that people reach its pages by. */
  base(): string;
  tls(): TlsState;
  /** The certificate that clients are given to trust, PEM. */
  authority(): string | undefined;
  /** Why a part of the registry does not work, by its name. */
  troubles: ReadonlyMap<string, string>;
  now: () => Date;
}

export function createSystem(deps: Deps): Handlers<typeof operations, Caller> {
  const { collections, projects, users, signIn, settings, sizes, version, dataDir, now } = deps;
  const { repositories } = collections;

  async function seen(caller: Caller) {
    const sets = await projects.visible(caller);
    return (
      await Promise.all(sets.map((where) => collections.projects.list({ where, sort: ["name"] })))
    ).flat();
  }

  return {
    ping: () => Promise.resolve("Pong"),

    health() {
      const components = partsOf(deps.troubles).map(({ name, error }) => ({
        name,
        status: error === undefined ? ("healthy" as const) : ("unhealthy" as const),
        ...(error === undefined ? {} : { error }),
      }));
      const status = components.every((part) => part.status === "healthy") ? "healthy" : "unhealthy";
      return Promise.resolve({ status, components });
    },

    info(_, { user, robot }) {
      const { auth_mode, self_registration, banner_message, ...set } = settings.current;
      const everyone = {
        auth_mode,
        primary_auth_mode: false,
        self_registration: self_registration && auth_mode === "db_auth",
        banner_message,
        mail: set.email_host !== "" && auth_mode === "db_auth",
      };
      if (!user && !robot) return Promise.resolve(everyone);
      return Promise.resolve({
        ...everyone,
        current_time: now().toISOString(),
        registry_url: deps.address(),
        external_url: deps.base(),
        harbor_version: `v${version}`,
        project_creation_restriction: set.project_creation_restriction,
        read_only: set.read_only,
        has_ca_root: deps.authority() !== undefined,
        notification_enable: false,
        registry_storage_provider_name: "filesystem",
      });
    },

    tls: () => Promise.resolve(deps.tls()),

    certificate() {
      const pem = deps.authority();
      if (pem === undefined) throw new Fault("NOT_FOUND", "there is no certificate of an authority to give");
      return Promise.resolve(pem);
    },

    async volumes() {
      const { blocks, bavail, bsize } = await statfs(dataDir);
      return { storage: [{ total: blocks * bsize, free: bavail * bsize }] };
    },

    async statistics(_, caller) {
      const all = await seen(caller);
      const ids = (open: boolean) =>
        all.filter((project) => project.public === open).map((project) => project.project_id);
      const count = (among: number[]) => repositories.count({ project_id: { in: among } });
      const [privates, publics] = [ids(false), ids(true)];
      const [private_repo_count, public_repo_count] = [await count(privates), await count(publics)];
      const admin = caller.user?.sysadmin_flag === true;
      const stored = admin ? await Promise.all(all.map((project) => sizes.project(project.project_id))) : [];
      return {
        private_project_count: privates.length,
        private_repo_count,
        public_project_count: publics.length,
        public_repo_count,
        total_project_count: admin ? all.length : 0,
        total_repo_count: admin ? private_repo_count + public_repo_count : 0,
        total_storage_consumption: stored.reduce((sum, size) => sum + size, 0),
      };
    },

    search: deps.search,

    async begin({ password }, caller) {
      const admin = await collections.users.get(String(adminId));
      if (!admin || admin.password !== undefined) {
        throw new Fault("PRECONDITION", "the administrator has a password already: sign in");
      }
      await users.setPassword(adminId, password);
      return signIn.open(admin, caller);
    },
  };
}

/** The registry's parts, as Harbor's health check lists them. */
function partsOf(troubles: ReadonlyMap<string, string>): { name: string; error?: string }[] {
  const parts: { name: string; error?: string }[] = ["core", "database", "portal", "registry"].map(
    (name) => ({ name }),
  );
  for (const [name, error] of troubles) parts.push({ name, error });
  return parts.sort((a, b) => (a.name < b.name ? -1 : 1));
}
