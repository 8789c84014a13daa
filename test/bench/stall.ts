import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeBlob, push } from "./big-blobs.ts";
import { password, startBerth, type Contender } from "./contenders.ts";
import { ask } from "./requests.ts";
import { quantile } from "./rounds.ts";

const probe = fileURLToPath(new URL("./event-loop.cjs", import.meta.url));
const pushes = 4;

export interface UnderLoad {
  /** Milliseconds. */
  stalls: number[];
  /** Milliseconds; the 99th percentile of each round. */
  calls: number[];
}

/**
 * What a person at the window feels while four large blobs are pushed: the longest time the event loop stands still, and how
 * long listing the projects takes. The call goes over REST, which is the window's way with HTTP added to it.
 */
export async function measureUnderLoad(folder: string, size: number, rounds: number): Promise<UnderLoad> {
  const blobs = [];
  for (let n = 0; n < pushes; n++) blobs.push(await makeBlob(join(folder, `load-${n}`), size));
  const measured: UnderLoad = { stalls: [], calls: [] };
  for (let round = 0; round < rounds; round++) {
    const berth = await startBerth(join(folder, `stall-${round}`), probe);
    const cookie = await signIn(berth);
    await wait(1000);
    await longestStall(berth);

    const calls: number[] = [];
    let over = false;
    const calling = (async () => {
      while (!over) {
        const started = performance.now();
        await ask(`${berth.url}/api/v2.0/projects`, { headers: { cookie } });
        calls.push(performance.now() - started);
        await wait(10);
      }
    })();
    await Promise.all(blobs.map(async (blob, n) => push(await berth.repository(`library/load-${n}`), blob)));
    over = true;
    await calling;
    measured.calls.push(quantile(calls, 0.99));
    measured.stalls.push(await longestStall(berth));
    await berth.stop();
  }
  return measured;
}

/** Milliseconds since it was last asked. */
async function longestStall(berth: Contender): Promise<number> {
  const before = berth.said().length;
  process.kill(berth.pid, "SIGUSR2");
  for (;;) {
    const [, stall] = /longest stall ([\d.]+) ms/.exec(berth.said().slice(before)) ?? [];
    if (stall !== undefined) return Number(stall);
    await wait(5);
  }
}

async function signIn({ url }: Contender): Promise<string> {
  const body = Buffer.from(new URLSearchParams({ principal: "admin", password }).toString());
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await ask(`${url}/c/login`, { method: "POST", headers, body });
  return [answer.headers["set-cookie"] ?? []]
    .flat()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}
