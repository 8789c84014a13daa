import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { locate, missing } from "../parts.ts";
import { memoryOf, root, startBerth, startPeer, type Contender } from "./contenders.ts";
import { absolute, tableOf, type Figure } from "./figures.ts";
import { workloads, type Bench } from "./workloads.ts";
import type { Pairs } from "./rounds.ts";

const help = `npm run bench -- [options]

Compares the built Berth with docker-registry, in turn and on this machine.

  --only PARTS   some of: ${[...Object.keys(workloads), "memory"].join(",")}
  --quick        less of everything, to see whether it runs: the figures say little
  --help         prints this

A whole run writes docs/performance.md.
`;

const [loadBefore = 0] = loadavg();
const document = join(root, "docs/performance.md");
const mebibyte = 2 ** 20;

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, quick: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) return console.log(help);
  const chosen = values.only?.split(",") ?? [...Object.keys(workloads), "memory"];
  const unknown = chosen.filter((name) => name !== "memory" && !(name in workloads));
  const absent = missing(["docker-registry", "wrk", "skopeo"]);
  if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(", ")}\n\n${help}`);
  if (absent.length > 0) throw new Error(`${absent.join(", ")} missing: test/setup.sh brings them`);
  if (!existsSync(join(root, "out/main/serve.cjs"))) throw new Error("nothing is built: npm run build");

  const folder = await mkdtemp(join(tmpdir(), "berth-bench-"));
  try {
    const figures = await measure(folder, chosen, values.quick ?? false);
    console.log(`\n${aboutMachine()}\n\n${tableOf(figures)}`);
    if (values.quick || values.only) return;
    await mkdir(dirname(document), { recursive: true });
    await writeFile(document, pageOf(figures));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, chosen: readonly string[], quick: boolean): Promise<Figure[]> {
  const [berth, peer] = [await startBerth(join(folder, "berth")), await startPeer(join(folder, "peer"))];
  try {
    const amount = quick
      ? { size: 256 * mebibyte, images: 50, rounds: { long: 1, short: 1 }, seconds: 1 }
      : { size: 1024 * mebibyte, images: 200, rounds: { long: 3, short: 5 }, seconds: 3 };
    const set: Bench = { berth, peer, folder, ...amount };
    await wait(quick ? 1000 : 5000);
    const idle = await memories(berth, peer, "VmRSS");

    const figures: Figure[] = [];
    for (const [name, part] of Object.entries(workloads)) {
      if (!chosen.includes(name)) continue;
      console.error(`${name} …`);
      figures.push(...(await part(set)));
    }
    if (!chosen.includes("memory")) return figures;
    const most = await memories(berth, peer, "VmHWM");
    return [
      ...figures,
      absolute({ title: "memory, idle after the start", unit: "MiB", bar: { below: 120 } }, idle),
      absolute({ title: "memory, the most during all of the above", unit: "MiB" }, most),
    ];
  } finally {
    await Promise.all([berth.stop(), peer.stop()]);
  }
}

async function memories(berth: Contender, peer: Contender, field: "VmRSS" | "VmHWM"): Promise<Pairs> {
  const of = async ({ pid }: Contender): Promise<number[]> => [(await memoryOf(pid, field)) / mebibyte];
  return { berth: await of(berth), peer: await of(peer) };
}

function aboutMachine(): string {
  const [cpu] = cpus();
  const peer = execFileSync(locate("docker-registry"), ["--version"], { encoding: "utf8" })
    .trim()
    .split(" ")
    .at(-1);
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  const machine = `${cpus().length} cores (${cpu?.model.trim()}), ${memory}, ${process.platform} ${process.arch}`;
  const load = `Programs that wanted a core when it began: ${loadBefore.toFixed(1)}.`;
  return `${new Date().toISOString().slice(0, 10)}: ${machine}, Node ${process.versions.node}, docker-registry ${peer}. ${load}`;
}

function pageOf(figures: readonly Figure[]): string {
  return `# Performance

Written by \`npm run build && npm run bench\`; do not edit.

${aboutMachine()}

${tableOf(figures)}

Both registries run as processes of their own on this one machine, answer plain HTTP on 127.0.0.1 and keep their files in a
folder each of the same disk. They are measured in turn, and what stands in the table is the median of the rounds with the
least and the most in brackets; a ratio is taken within a round. Ratios are what counts: the machine's own speed is in both.

- Berth is the headless program that \`npm run serve\` starts, and is asked with a bearer token. docker-registry asks nobody
  who he is, and writes no log of requests.
- A large blob is random bytes, pushed as docker does (\`POST\`, one streamed \`PATCH\`, \`PUT\`), and pulled by curl, which
  throws it away; several clients are several processes. A pull is measured after one that does not count, so that both
  have the file in memory, and every measurement after the disk is in step (\`sync\`).
- A small image is a layer of 8 KiB, a configuration and a manifest.
- Manifests are asked for by wrk, those by \`HEAD\` by a small program of the bench, since wrk waits for a body.
- Replication goes from one Berth into an empty docker-registry of its own each time, by a rule and by \`skopeo sync\`.
- The event loop's stalls are seen from within (\`monitorEventLoopDelay\`), the calls from without, over REST.
`;
}

bench().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
