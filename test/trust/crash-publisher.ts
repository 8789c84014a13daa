// Publishes trust data until it is killed, and tells on stdout of each version that was acknowledged.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { startBerth } from "../harness.ts";
import { signed, tagEntry, targetsDocument } from "./author.ts";
import { begin, tokenService } from "./collection.ts";

const [dataDir = "", run = "", host = ""] = process.argv.slice(2);

async function publish(): Promise<void> {
  const berth = await startBerth({ dataDir });
  const tell = (line: string): void => void writeSync(1, `${line}\n`);
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

  async function writeOne(writer: number): Promise<void> {
    const name = `library/crash-${run}-${writer}`;
    const collection = await begin(await tokenService(berth, name, host), name);
    tell(`published ${name} 1 -`);
    for (let version = 2; ; version += 1) {
      const targets = { [`v${version}`]: tagEntry("ab".repeat(32), version) };
      const document = signed(targetsDocument(version, { targets }), [collection.keys.targets]);
      const { status } = await collection.publish({ targets: document });
      if (status === 200) tell(`published ${name} ${version} ${hash(document)}`);
    }
  }

  await Promise.all([1, 2, 3].map(writeOne));
}

void publish();
