import { scryptSync } from "node:crypto";
import { join } from "node:path";
import { openStore } from "../../registry/store/open.ts";
import { password, startBerth, type Contender } from "./contenders.ts";
import { ask } from "./requests.ts";
import { quantile } from "./rounds.ts";

const users = 10_000;
const projects = 1_000;
const memberships = 50_000;

/** A team larger than any that a desktop will see, written straight into the store: by the API it would take an hour of hashing. */
async function seed(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, now: () => new Date(), log: () => undefined });
  const { collections, sequence } = store;
  const time = new Date().toISOString();
  // Those who sign in have a hash each: a password that was right a moment ago is remembered with its hash.
  const common = hashed(0);
  const times = { creation_time: time, update_time: time };
  await inParts(users, async (n) => {
    const username = `person-${String(n).padStart(5, "0")}`;
    const user_id = 1 + (await sequence.next("users"));
    const email = `${username}@example.test`;
    const about = {
      realname: `Person ${n}`,
      comment: "",
      sysadmin_flag: false,
      password: n < 60 ? hashed(n) : common,
    };
    await collections.users.insert({ user_id, username, email, ...about, ...times });
  });
  await inParts(projects, async (n) => {
    const project_id = await sequence.next("projects");
    const owner = { owner_id: 2 + n, owner_name: `person-${String(n).padStart(5, "0")}` };
    const name = `team-${String(n).padStart(4, "0")}`;
    await collections.projects.insert({
      project_id,
      name,
      ...owner,
      public: n % 10 === 0,
      metadata: {},
      ...times,
    });
    const id = await sequence.next("repositories");
    await collections.repositories.insert({ id, project_id, name: `${name}/app`, description: "", ...times });
  });
  await inParts(memberships, async (n) => {
    const project_id = 1 + (n % projects);
    const entity_id = 2 + ((Math.floor(n / projects) * 197 + n) % users);
    const id = await sequence.next("members");
    await collections.members.insert({ id, project_id, entity_type: "u", entity_id, role_id: 1 + (n % 3) });
  });
  await store.close();
}

function hashed(n: number): string {
  const salt = Buffer.alloc(16, n);
  const hash = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 });
  return `scrypt$15$8$1$${salt.toString("base64")}$${hash.toString("base64")}`;
}

async function inParts(count: number, work: (n: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += 1000) {
    await Promise.all(Array.from({ length: Math.min(1000, count - from) }, (_, n) => work(from + n)));
  }
}

/** Milliseconds at the 95th percentile, by what a person does. */
export async function measurePeople(folder: string, tries: number): Promise<Record<string, number>> {
  const dataDir = join(folder, "people");
  await seed(dataDir);
  const berth = await startBerth(dataDir);
  try {
    const admin = await signIn(berth, "admin");
    const person = await signIn(berth, "person-00042");
    const list = (path: string, cookie: string) =>
      timed(tries, (n) => get(berth, path.replaceAll("#", String(n).padStart(2, "0")), cookie));
    return {
      "sign-in": await timed(Math.min(tries, 40), (n) =>
        signIn(berth, `person-${String(n).padStart(5, "0")}`),
      ),
      "a page of users": await list("/users?page=#&page_size=50", admin),
      "a page of users, filtered": await list("/users?page_size=50&q=username%3D~00#", admin),
      "a page of an administrator's projects": await list("/projects?page=#&page_size=15", admin),
      "a page of a person's projects": await list("/projects?page=1&page_size=15", person),
      "a page of members": await list("/projects/team-00#/members?page_size=50", admin),
      "suggestions of users": await list("/users/search?username=00#", person),
      "search as one types, an administrator": await list("/search?q=team-0#", admin),
      "search as one types, a person": await list("/search?q=te#", person),
    };
  } finally {
    await berth.stop();
  }
}

async function timed(tries: number, work: (n: number) => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 10; n < 10 + tries; n += 1) {
    const started = performance.now();
    await work(1 + (n % 50));
    took.push(performance.now() - started);
  }
  return quantile(took, 0.95);
}

async function get({ url }: Contender, path: string, cookie: string): Promise<void> {
  const { status } = await ask(`${url}/api/v2.0${path}`, { headers: { cookie } });
  if (status !== 200) throw new Error(`${path} answered ${status}`);
}

async function signIn({ url }: Contender, principal: string): Promise<string> {
  const body = Buffer.from(JSON.stringify({ principal, password }));
  const headers = { "content-type": "application/json" };
  const { status, headers: answered } = await ask(`${url}/api/v2.0/session`, {
    method: "POST",
    headers,
    body,
  });
  if (status !== 200) throw new Error(`${principal} could not sign in: ${status}`);
  return String(answered["set-cookie"]).split(";")[0] ?? "";
}
