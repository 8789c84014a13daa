import { setTimeout as wait } from "node:timers/promises";
import type { Input } from "../../registry/contract/operation.ts";
import type { Execution } from "../../registry/contract/executions.ts";
import type { ReplicationPolicy, replication } from "../../registry/contract/replication.ts";
import type { Berth } from "../harness.ts";

/** Rules and their runs, as an administrator makes and watches them. */

type Draft = Input<typeof replication.create>;

/** Makes another Berth, or another registry by its address, an endpoint. */
export async function addEndpoint(berth: Berth, other: Berth | string, name = "other"): Promise<number> {
  const draft =
    typeof other === "string"
      ? { url: other, type: "docker-registry" as const }
      : {
          url: other.url,
          type: "berth" as const,
          credential: { access_key: other.admin.name, access_secret: other.admin.password },
        };
  return Number((await berth.client().registries.create({ name, ...draft })).id);
}

/** Makes a rule; without more it copies everything to the endpoint when it is asked to. */
export async function addRule(berth: Berth, dest: number, draft: Partial<Draft> = {}): Promise<number> {
  const name = `rule-${Math.random().toString(36).slice(2, 8)}`;
  const sides = draft.src_registry ? {} : { dest_registry: { id: dest } };
  return Number((await berth.client().replication.create({ name, ...sides, ...draft })).id);
}

/** Runs a rule, and waits for its end. */
export async function runRule(berth: Berth, policy_id: number): Promise<Execution> {
  const { id } = await berth.client().executions.start({ policy_id });
  return ended(berth, Number(id));
}

export async function ended(berth: Berth, id: number): Promise<Execution> {
  return until(async () => {
    const execution = await berth.client().executions.get({ id });
    return execution.status === "InProgress" ? undefined : execution;
  });
}

/** The newest run of a rule that is over. */
export async function lastEnded(berth: Berth, policy_id: number): Promise<Execution> {
  return until(async () => {
    const [last] = (await berth.client().executions.list({ policy_id })).items;
    return last && last.status !== "InProgress" ? last : undefined;
  });
}

export function ruleOf(berth: Berth, id: number): Promise<ReplicationPolicy> {
  return berth.client().replication.get({ id });
}

/** Asks again and again until there is an answer, for half a minute. */
export async function until<T>(ask: () => Promise<T | undefined | false>, milliseconds = 30_000): Promise<T> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await wait(20)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`it did not come to pass in ${milliseconds} ms: ${ask.toString()}`);
}

/** What a tag names, if it is there. */
export async function digestOf(
  berth: Berth | string,
  name: string,
  reference: string,
): Promise<string | null> {
  const path = `/v2/${name}/manifests/${reference}`;
  const accept = {
    accept: "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json",
  };
  const answer =
    typeof berth === "string"
      ? await fetch(berth + path, { headers: accept })
      : await berth.fetch(path, { headers: accept });
  await answer.arrayBuffer();
  return answer.status === 200 ? answer.headers.get("docker-content-digest") : null;
}
