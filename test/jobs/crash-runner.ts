// Runs jobs until it is killed, and tells on stdout of each that was acknowledged, begun or done.
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { createJobs } from "../../registry/jobs/jobs.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { openStore } from "../../registry/store/open.ts";

const [folder = "", run = ""] = process.argv.slice(2);
const tell = (line: string): void => void writeSync(1, `${line}\n`);

const store = await openStore({ dataDir: folder, now: () => new Date(), log: () => undefined });
const { collections, sequence, locks } = store;
const jobs = createJobs({
  collections,
  sequence,
  locks,
  folder: layoutOf(folder).jobs,
  now: () => new Date(),
  log: () => undefined,
});
jobs.define<{ name: string }>("copy", {
  atOnce: () => 3,
  async run({ id, kept, keep, log }) {
    tell(`begun ${id} ${Number(kept.step ?? 0)}`);
    for (let step = Number(kept.step ?? 0); step < 5; step++) {
      log("info", `step ${step}`);
      await wait(5);
      await keep({ step: step + 1 });
      tell(`kept ${id} ${step + 1}`);
    }
  },
  changed: ({ id, status }) => {
    if (status === "success") tell(`done ${id}`);
  },
});
await jobs.start();
for (let n = 0; ; n++) {
  const job = await jobs.add({ kind: "copy", key: `key ${n % 4}`, about: { name: `${run}-${n}` } });
  tell(`added ${job.id}`);
  await wait(4);
}
