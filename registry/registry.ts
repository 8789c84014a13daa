import { createHmac } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Context } from "koa";
import { openAccess } from "./access/access.ts";
import { createAuthorize } from "./access/authorize.ts";
import { createArchives } from "./archives/archives.ts";
import { anonymous, type Caller } from "./access/caller.ts";
import { createMembers } from "./access/members.ts";
import { joinDirectory } from "./access/join-directory.ts";
import { adminId } from "./access/users.ts";
import { createCall } from "./call.ts";
import type { RegistryConfig } from "./config.ts";
import type { Settings } from "./contract/configuration.ts";
import { createCopying } from "./copying.ts";
import { createEvents } from "./events.ts";
import { firstPassword } from "./first-password.ts";
import { createApp } from "./http/app.ts";
import { createArchivesEdge } from "./http/archives.ts";
import { createCallers } from "./http/callers.ts";
import { openEncryption } from "./http/encryption.ts";
import { createEdges } from "./http/edges.ts";
import { createEventsEdge } from "./http/events.ts";
import { createPages } from "./http/pages.ts";
import { watchSignIns } from "./http/sign-ins.ts";
import { listen, type Listening } from "./http/server.ts";
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
import type { Registry } from "./running.ts";
import { createSubscribe } from "./subscribe.ts";
import { openTrust } from "./trust/service.ts";
import { startExpiry } from "./upkeep/expire.ts";

export type { Registry };

/** Makes every part of the registry in order and joins them. The order is the dependencies'. */
export async function createRegistry(config: RegistryConfig): Promise<Registry> {
  const { dataDir, secrets, version, hosts = [] } = config;
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
    const endpoint = (): string => settings.current.ext_endpoint.replace(/\/+$/, "");
    const base = (): string => endpoint() || `http://${address()}`;

    const encryption = await openEncryption({
      config: config.tls,
      hosts,
      secrets,
      endpoint,
      path: layout.authority,
      now,
      log,
    });
    undo.push(() => encryption.close());

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
    const trust = await openTrust({ collections, blobs, secrets, events, locks, sequence, now, log });
    undo.push(() => trust.close());

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
      async empty(repository) {
        await trust.removeRepository(repository, "");
        await oci.removeRepository(repository);
      },
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
      tls: encryption.state,
      authority: encryption.authority,
      troubles,
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

    const facing = { hosts, listens: [config.listen, ...(config.tls ? [config.tls.listen] : [])], endpoint };
    const app = createApp({
      ...createEdges({
        ...facing,
        oci,
        proxy: copying.proxy,
        trust,
        authorize,
        tokens,
        recorder,
        callerOf,
        log,
      }),
      callerOf,
      call,
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
        const answer: RequestListener = (request, response) => void handle(request, response);
        const opened = await listen(answer, config.listen);
        listening = opened;
        undo.push(() => opened.close());
        await encryption.start(answer);
        await copying.start();
        log({ level: "info", message: "ready", address: opened.address, tls: encryption.state().address });
        return { host: config.listen.host, port: opened.port, address: opened.address };
      },

      tls: encryption.state,

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
