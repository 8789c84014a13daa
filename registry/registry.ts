import { createHmac } from "node:crypto";
import type { Context } from "koa";
import { openAccess } from "./access/access.ts";
import { createAuthorize } from "./access/authorize.ts";
import { type Archives, createArchives } from "./archives/archives.ts";
import { anonymous, type Caller } from "./access/caller.ts";
import { createMembers } from "./access/members.ts";
import { joinDirectory } from "./access/join-directory.ts";
import { adminId } from "./access/users.ts";
import { createCall } from "./call.ts";
import type { RegistryConfig } from "./config.ts";
import type { Settings } from "./contract/configuration.ts";
import type { RegistryEvent } from "./contract/event.ts";
import { createCopying } from "./copying.ts";
import { createEvents } from "./events.ts";
import { firstPassword } from "./first-password.ts";
import { createApp } from "./http/app.ts";
import { createArchivesEdge } from "./http/archives.ts";
import { createCallers } from "./http/callers.ts";
import { createEventsEdge } from "./http/events.ts";
import { createGate } from "./http/gate.ts";
import { createOciEdge } from "./http/oci.ts";
import { createPages } from "./http/pages.ts";
import { watchSignIns } from "./http/sign-ins.ts";
import { listen, type Listening } from "./http/server.ts";
import { createTokenEdge } from "./http/token.ts";
import { resetLetter, testMailOf } from "./notify/letters.ts";
import { createPost } from "./notify/post.ts";
import { createRecording } from "./notify/recording.ts";
import { createOci } from "./oci/oci.ts";
import { createArtifacts } from "./projects/artifacts.ts";
import { createProjects } from "./projects/projects.ts";
import { createRepositories } from "./projects/repositories.ts";
import { createSearch } from "./projects/search.ts";
import { createSizes } from "./projects/sizes.ts";
import { createSystem } from "./projects/system.ts";
import { openSettings } from "./settings.ts";
import { layoutOf } from "./store/layout.ts";
import { openStore } from "./store/open.ts";
import { createSubscribe } from "./subscribe.ts";
import { startExpiry } from "./upkeep/expire.ts";

export interface Registry {
  /** Runs an operation of the contract: `projects.create`. Throws `Fault`. */
  call(name: string, input: unknown, caller: Caller): Promise<unknown>;
  /** Who a session's token belongs to; nobody, if it is no good. */
  caller(token: string | undefined, about: Pick<Caller, "from" | "agent" | "keep">): Promise<Caller>;
  /** Tells what happens in projects that the caller, asked for anew each time, may see. Returns how to end it. */
  subscribe(caller: () => Promise<Caller>, listener: (event: RegistryEvent) => void): () => void;
  /** Projects and repositories as files, for the window: over HTTP they have a path of their own. */
  readonly archives: Archives;
  /** Answers requests. Throws `CONFLICT` for a port that is taken. */
  start(): Promise<{ host: string; port: number; address: string }>;
  /** Ends requests, lets writes finish, and gives the data folder back. */
  stop(): Promise<void>;
  /** The network is back, or the machine woke up: jobs that wait to be tried again are tried at once. */
  wake(): void;
  /** The administrator has no password yet. */
  firstStart(): Promise<boolean>;
  /** Sets a user's password from the machine itself, without the old one. */
  setPassword(user_id: number, password: string): Promise<void>;
}

/** Makes every part of the registry in order and joins them. The order is the dependencies'. */
export async function createRegistry(config: RegistryConfig): Promise<Registry> {
  const { dataDir, secrets, version } = config;
  const now = config.now ?? (() => new Date());
  const log = config.log ?? (() => undefined);
  const layout = layoutOf(dataDir);

  const store = await openStore({ dataDir, now, log });
  const { collections, blobs, sequence, locks, troubles } = store;
  const undo: (() => Promise<void> | void)[] = [() => store.close()];
  const undoAll = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };

  try {
    const events = createEvents(now, (error) =>
      log({ level: "error", message: "listener failed", error: String(error) }),
    );
    const settings = await openSettings({
      collections,
      secrets,
      locks,
      changed: () => events.emit({ name: "configuration.changed" }),
    });
    const readOnly = (): boolean => settings.current.read_only;
    const authorize = createAuthorize(collections, readOnly);

    let listening: Listening | undefined;
    const address = (): string => listening?.address ?? "";
    const base = (): string => settings.current.ext_endpoint.replace(/\/+$/, "") || `http://${address()}`;

    const post = createPost({ settings: mailSettings, log });
    undo.push(() => post.close());
    async function mailSettings(): Promise<Settings> {
      return { ...settings.current, email_password: (await settings.secret("email_password")) ?? "" };
    }

    const first = firstPassword(layout.initialPassword, config.adminPassword);
    const people = joinDirectory({ collections, settings, sequence, locks, now, log });
    const { directory, groups } = people;
    const { users, robots, signIn, reset, sessions, tokens } = await openAccess({
      collections,
      secrets,
      settings,
      sequence,
      authorize,
      events,
      locks,
      directory,
      now,
      deliver: (to, link) => post.post(resetLetter(to, link)),
      base,
      firstPasswordChanged: first.forget,
    });

    const oci = createOci({ collections, blobs, events, locks, sequence, now });
    undo.push(() => oci.close());

    const sizes = createSizes(collections, events);
    const projects = createProjects({
      collections,
      authorize,
      events,
      sequence,
      locks,
      sizes,
      removeRobots: robots.removeProject,
      adminsOnly: () => settings.current.project_creation_restriction === "adminonly",
      now,
    });
    const { visible } = projects;
    const repositories = createRepositories({
      collections,
      sizes,
      visible,
      empty: oci.removeRepository,
      now,
    });
    const artifacts = createArtifacts({
      collections,
      blobs,
      locate: repositories.locate,
      removeArtifact: oci.removeArtifact,
      moveTag: oci.moveTag,
      removeTag: oci.removeTag,
    });

    const copying = createCopying({ ...store, oci, projects, secrets, events, settings, layout, now, log });
    undo.push(() => copying.close());

    const system = createSystem({
      collections,
      projects,
      users,
      signIn,
      settings,
      sizes,
      search: createSearch({ collections, events, projects }),
      version,
      dataDir,
      address,
      base,
      troubles: () => Promise.resolve(partsOf(troubles)),
      now,
    });

    if (!(await collections.users.get(String(adminId)))) await users.ensureAdmin(await first.make());
    await projects.ensureLibrary();

    const { audit, recorder, ...recording } = createRecording({
      folder: layout.audit,
      collections,
      authorize,
      visible,
      settings: () => settings.current,
      retention: () => settings.current.audit_retention_days,
      now,
      log,
    });
    undo.push(() => recording.close());
    const recorded = recorder.operation;

    const members = createMembers({ collections, directory, groups, events, sequence });
    const handlers = {
      projects,
      members,
      repositories,
      artifacts,
      users: { ...users.users, forgot: reset.forgot, reset: reset.reset },
      session: signIn.session,
      system,
      robots: robots.robots,
      ...copying.handlers,
      audit,
      ldap: people.ldap,
      usergroups: groups.usergroups,
      configurations: {
        get: settings.get,
        update: people.watch(settings.update),
        testMail: testMailOf(mailSettings),
      },
    };
    const archives = createArchives({ collections, blobs, oci, authorize, recorder, dataDir, now });
    const checkAnswers = config.checkAnswers ?? false;
    const call = createCall({ handlers, authorize, readOnly, recorded, checkAnswers });
    const subscribe = createSubscribe({ events, authorize, collections });
    const csrfKey = createHmac("sha256", tokens.seed()).update("csrf").digest();
    const callerOf = watchSignIns({
      callerOf: createCallers({ collections, robots, signIn, sessions, tokens, csrfKey }),
      signedIn: recorder.signedIn,
      failed: recorder.signInFailed,
    });

    const app = createApp({
      gate: createGate({ hosts: config.hosts ?? [], listen: config.listen }),
      callerOf,
      call,
      oci: createOciEdge({ oci, proxy: copying.proxy, authorize: recorder.watch(authorize), recorder }),
      token: createTokenEdge({ authorize, tokens }),
      events: createEventsEdge((ctx: Context, listener) =>
        subscribe(() => stillThere(ctx.state.caller as Caller), listener),
      ),
      archives: createArchivesEdge(archives),
      pages: config.pages === undefined ? undefined : await createPages(config.pages),
      version,
      log,
    });

    /** The caller as things are now. Listening is no use of a session: it does not keep it alive. */
    async function stillThere(caller: Caller): Promise<Caller> {
      const { user, session, from, agent, keep } = caller;
      const gone = session !== undefined && !(await sessions.isGood(session));
      const known = user && !gone ? await collections.users.get(String(user.user_id)) : undefined;
      return known ? { ...caller, user: known } : { from, agent, keep };
    }

    const expiry = startExpiry({ blobs, collections, now, log });
    undo.push(() => expiry.stop());

    return {
      call,
      subscribe,
      archives,
      wake: () => copying.jobs.wake(),

      async setPassword(user_id, password) {
        await users.setPassword(user_id, password);
        const resource = (await collections.users.get(String(user_id)))?.username ?? "";
        recorder.done(anonymous("this machine"), { operation: "update", resource_type: "user", resource });
      },

      async caller(token, about) {
        const session = token === undefined ? undefined : await sessions.find(token);
        const user = session && (await collections.users.get(String(session.user_id)));
        return session && user ? { ...about, user, session: session.hash } : { ...about };
      },

      async firstStart() {
        return (await collections.users.get(String(adminId)))?.password === undefined;
      },

      async start() {
        const handle = app.callback();
        const opened = await listen((request, response) => void handle(request, response), config.listen);
        listening = opened;
        undo.push(() => opened.close());
        await copying.start();
        log({ level: "info", message: "ready", address: opened.address });
        return { host: config.listen.host, port: opened.port, address: opened.address };
      },

      async stop() {
        await undoAll();
        log({ level: "info", message: "stopped" });
      },
    };
  } catch (error) {
    await undoAll();
    throw error;
  }
}

/** The registry's parts, as Harbor's health check lists them. */
function partsOf(troubles: ReadonlyMap<string, string>): { name: string; error?: string }[] {
  const parts: { name: string; error?: string }[] = ["core", "database", "portal", "registry"].map(
    (name) => ({ name }),
  );
  for (const [name, error] of troubles) parts.push({ name, error });
  return parts.sort((a, b) => (a.name < b.name ? -1 : 1));
}
