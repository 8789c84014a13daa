import { join } from "node:path";
import { makeBlob, pull, push, refresh } from "./big-blobs.ts";
import { startBerth, startPeer, type Contender } from "./contenders.ts";
import { measurePeople } from "./people.ts";
import { absolute, byRate, bySpeed, type Figure } from "./figures.ts";
import { measureReplication } from "./replication.ts";
import { requestsPerSecond } from "./manifests.ts";
import { inTurn, secondsOf } from "./rounds.ts";
import { makeImages, pullImages, pushImages } from "./small-images.ts";
import { measureUnderLoad } from "./stall.ts";

/** What every workload works with: both registries, already running, and how much to do. */
export interface Bench {
  berth: Contender;
  peer: Contender;
  /** A folder of this run, removed after it. */
  folder: string;
  /** Bytes of a large blob. */
  size: number;
  /** How many small images. */
  images: number;
  /** Rounds of what takes long, and of what does not. */
  rounds: { long: number; short: number };
  /** Seconds that each load lasts. */
  seconds: number;
}

type Workload = (bench: Bench) => Promise<Figure[]>;

/** Everything that can be measured, in the order in which it is. Memory is the bench's own affair: it needs all of the others. */
export const workloads = {
  ready,
  push: pushLarge,
  pull: pullLarge,
  images,
  manifests,
  load,
  people,
  replication,
} satisfies Record<string, Workload>;

async function ready({ folder, rounds }: Bench): Promise<Figure[]> {
  const took = { berth: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds.short; round++) {
    for (const [name, start] of [
      ["berth", startBerth],
      ["peer", startPeer],
    ] as const) {
      let started: Contender | undefined;
      took[name].push(await secondsOf(async () => (started = await start(join(folder, `${name}-${round}`)))));
      await started?.stop();
    }
  }
  const about = {
    title: "start on an empty folder until `/v2/` answers",
    unit: "s",
    digits: 2,
    bar: { below: 1 },
  };
  return [absolute(about, took)];
}

async function pushLarge({ berth, peer, folder, size, rounds }: Bench): Promise<Figure[]> {
  let blob = await makeBlob(join(folder, "push"), size);
  let made = 0;
  const pairs = await inTurn(rounds.long, berth, peer, async (contender, round) => {
    // Both get the same bytes, and each round others.
    if (round > made) [blob, made] = [await refresh(blob), round];
    const repository = await contender.repository("library/push");
    return secondsOf(() => push(repository, blob));
  });
  return [bySpeed(`push of one ${sizeText(size)} blob`, pairs, { atLeast: 1.25 })];
}

async function pullLarge({ berth, peer, folder, size, rounds }: Bench): Promise<Figure[]> {
  const blob = await makeBlob(join(folder, "pull"), size);
  for (const contender of [berth, peer]) await push(await contender.repository("library/pull"), blob);
  const figures: Figure[] = [];
  for (const clients of [1, 8]) {
    const pairs = await inTurn(rounds.long + 2, berth, peer, async (contender) => {
      const repository = await contender.repository("library/pull");
      // So that both have the file in memory: the disk is not what is measured.
      await pull(repository, blob, 1);
      return secondsOf(() => pull(repository, blob, clients));
    });
    const who = clients === 1 ? "one client" : `${clients} clients at once`;
    figures.push(bySpeed(`pull of one ${sizeText(size)} blob, ${who}`, pairs, { atLeast: 1 }));
  }
  return figures;
}

async function images({ berth, peer, images: count, rounds }: Bench): Promise<Figure[]> {
  const sets = Array.from({ length: rounds.short }, () => makeImages(count));
  const each = (work: typeof pushImages) =>
    inTurn(rounds.short, berth, peer, async (contender, round) => {
      const repository = await contender.repository(`library/small-${round}`);
      return secondsOf(() => work(repository, sets[round] ?? []));
    });
  return [
    bySpeed(`push of ${count} small images, 8 at once`, await each(pushImages)),
    bySpeed(`pull of ${count} small images, 8 at once`, await each(pullImages)),
  ];
}

async function manifests({ berth, peer, rounds, seconds }: Bench): Promise<Figure[]> {
  const name = "library/manifests";
  const [image] = makeImages(1);
  for (const contender of [berth, peer])
    await pushImages(await contender.repository(name), image ? [image] : []);
  const figures: Figure[] = [];
  for (const method of ["GET", "HEAD"] as const) {
    for (const connections of [16, 64]) {
      const load = { method, tag: image?.tag ?? "", connections, seconds };
      const pairs = await inTurn(rounds.short, berth, peer, async (contender) =>
        requestsPerSecond(await contender.repository(name), load),
      );
      figures.push(
        byRate(`\`${method}\` of a manifest by tag, ${connections} connections`, pairs, { atLeast: 8 }),
      );
    }
  }
  return figures;
}

async function load({ folder, size, rounds }: Bench): Promise<Figure[]> {
  const { stalls, calls } = await measureUnderLoad(folder, size, rounds.long);
  const [during, bar] = [`while four ${sizeText(size)} blobs are pushed`, { below: 100 }];
  return [
    absolute({ title: `longest stall of the event loop ${during}`, unit: "ms", bar }, { berth: stalls }),
    absolute({ title: `99 of 100 calls of \`projects.list\` ${during}`, unit: "ms", bar }, { berth: calls }),
  ];
}

const sizeText = (bytes: number): string =>
  bytes < 2 ** 30 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 30} GiB`;

async function people({ folder, seconds }: Bench): Promise<Figure[]> {
  const took = await measurePeople(folder, seconds > 1 ? 200 : 40);
  return Object.entries(took).map(([title, p95]) => {
    const bar = { below: title === "sign-in" ? 300 : 50 };
    return absolute(
      { title: `10,000 users: ${title}, 95th percentile`, unit: "ms", digits: 1, bar },
      { berth: [p95] },
    );
  });
}

async function replication({ folder, rounds }: Bench): Promise<Figure[]> {
  const { bytes, first, again, arrives } = await measureReplication(folder, rounds.long);
  const set = `30 repositories, ${Math.round(bytes / 2 ** 20)} MiB, against \`skopeo sync\``;
  return [
    bySpeed(`replication of ${set}: first time`, first, { atLeast: 1 }),
    bySpeed(`replication of ${set}: nothing changed`, again, { atLeast: 10 }),
    absolute(
      {
        title: "a push arrives at the other Berth, 95th percentile",
        unit: "s",
        digits: 2,
        bar: { below: 2 },
      },
      { berth: [arrives] },
    ),
  ];
}
