import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { locate } from "../parts.ts";
import { password, startBerth, startPeer, type Contender } from "./contenders.ts";
import { fleet, pushFleet } from "./fleet.ts";
import { ask } from "./requests.ts";
import { quantile, secondsOf, type Pairs } from "./rounds.ts";
import { makeImages, pushImages } from "./small-images.ts";

export interface Replicated {
  /** Bytes of blobs in the fleet. */
  bytes: number;
  /** Seconds, of Berth's rule and of `skopeo sync`. */
  first: Pairs;
  again: Pairs;
  /** Seconds from the answer to a push until the other Berth has it, at the 95th percentile. */
  arrives: number;
}

/** The same set from one Berth into an empty docker-registry, by a rule and by `skopeo sync`, and once more with nothing changed. */
export async function measureReplication(folder: string, rounds: number): Promise<Replicated> {
  const berth = await startBerth(join(folder, "fleet"));
  try {
    await call(berth, "POST", "/projects", { project_name: "fleet" });
    const bytes = await pushFleet(berth);
    const [first, again]: [Pairs, Pairs] = [
      { berth: [], peer: [] },
      { berth: [], peer: [] },
    ];
    for (let round = 0; round < rounds; round++) {
      for (const who of round % 2 === 0 ? (["berth", "peer"] as const) : (["peer", "berth"] as const)) {
        const target = await startPeer(join(folder, `target-${who}-${round}`));
        try {
          const run =
            who === "berth"
              ? await rule(berth, target, `round-${round}`)
              : await skopeo(berth, target, join(folder, `sync-${round}`));
          first[who].push(await secondsOf(run));
          await assertWhole(target);
          again[who].push(await secondsOf(run));
        } finally {
          await target.stop();
        }
      }
    }
    return { bytes, first, again, arrives: await arrival(berth, folder) };
  } finally {
    await berth.stop();
  }
}

/** A rule by hand, and how to run it to its end. */
async function rule(berth: Contender, target: Contender, name: string): Promise<() => Promise<void>> {
  const id = await endpoint(berth, name, { url: target.url, type: "docker-registry" });
  const policy = await create(berth, "/replication/policies", {
    name,
    dest_registry: { id },
    filters: [{ type: "name", value: "fleet/**" }],
    trigger: { type: "manual" },
  });
  return async () => {
    const execution = await create(berth, "/replication/executions", { policy_id: policy });
    for (;;) {
      const { status, status_text } = await call<{ status: string; status_text: string }>(
        berth,
        "GET",
        `/replication/executions/${execution}`,
      );
      if (status === "Succeed") return;
      if (status !== "InProgress" && status !== "Pending") throw new Error(`${status}: ${status_text}`);
      await wait(5);
    }
  };
}

async function skopeo(berth: Contender, target: Contender, folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, "sync.yml");
  const images = Object.fromEntries(fleet.map((name) => [name, []]));
  const credentials = { username: "admin", password };
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ [hostOf(berth)]: { images, credentials, "tls-verify": false } }));
  const args = ["--src", "yaml", "--dest", "docker", "--dest-tls-verify=false", "--all"];
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
  return async () => {
    await promisify(execFile)(locate("skopeo"), ["sync", ...args, file, `${hostOf(target)}/fleet`], { env });
  };
}

/** Nobody is faster by leaving something out. */
async function assertWhole(target: Contender): Promise<void> {
  const { body } = await ask(`${target.url}/v2/_catalog?n=1000`, {});
  const { repositories } = JSON.parse(body.toString()) as { repositories: string[] };
  const absent = fleet.filter((name) => !repositories.includes(name));
  if (absent.length > 0) throw new Error(`${absent.join(", ")} did not arrive: ${repositories.join(", ")}`);
}

/** From the push's answer until the other Berth has the tag. */
async function arrival(berth: Contender, folder: string): Promise<number> {
  const other = await startBerth(join(folder, "other"));
  try {
    const id = await endpoint(berth, "other", {
      url: other.url,
      type: "berth",
      credential: { type: "basic", access_key: "admin", access_secret: password },
    });
    await call(berth, "POST", "/projects", { project_name: "events" });
    await create(berth, "/replication/policies", {
      name: "events",
      dest_registry: { id },
      project_name: "events",
      trigger: { type: "event_based" },
      enabled: true,
    });
    const took: number[] = [];
    for (const image of makeImages(20)) {
      await pushImages(await berth.repository("events/app"), [image]);
      const headers = { authorization: basic, accept: "application/vnd.oci.image.manifest.v1+json" };
      took.push(
        await secondsOf(async () => {
          const url = `${other.url}/v2/events/app/manifests/${image.tag}`;
          while ((await ask(url, { method: "HEAD", headers, any: true })).status !== 200) await wait(10);
        }),
      );
    }
    return quantile(took, 0.95);
  } finally {
    await other.stop();
  }
}

const basic = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
const hostOf = ({ url }: Contender): string => new URL(url).host;

function endpoint(berth: Contender, name: string, about: object): Promise<number> {
  return create(berth, "/registries", { name, insecure: true, ...about });
}

/** The id of what was made. */
async function create(berth: Contender, path: string, body: object): Promise<number> {
  const { headers } = await send(berth, "POST", path, body);
  return Number(String(headers.location).split("/").at(-1));
}

async function call<T>(berth: Contender, method: string, path: string, body?: object): Promise<T> {
  const { body: answered } = await send(berth, method, path, body);
  return (answered.length > 0 ? JSON.parse(answered.toString()) : undefined) as T;
}

function send({ url }: Contender, method: string, path: string, body?: object) {
  const headers = { authorization: basic, "content-type": "application/json" };
  return ask(`${url}/api/v2.0${path}`, {
    method,
    headers,
    ...(body ? { body: Buffer.from(JSON.stringify(body)) } : {}),
  });
}
