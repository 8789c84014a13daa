// Writes documents and blobs until it is killed, and tells on stdout of each that was acknowledged.
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { writeSync } from "node:fs";
import { openFiles } from "../../registry/store/files.ts";
import { layoutOf } from "../../registry/store/layout.ts";
import { openNedb } from "../../registry/store/nedb.ts";

const [folder = "", run = ""] = process.argv.slice(2);

async function write(): Promise<void> {
  const documents = await openNedb({
    folder: layoutOf(folder).documents,
    onTrouble: ({ message }) => console.error(message),
  });
  const collection = await documents.collection<{ name: string; text: string }>({
    name: "notes",
    key: (note) => note.name,
  });
  const blobs = await openFiles({ folder });
  const tell = (line: string): void => void writeSync(1, `${line}\n`);

  async function writeNotes(writer: number): Promise<void> {
    for (let n = 0; ; n++) {
      const name = `${run}-${writer}-${n}`;
      await collection.insert({ name, text: "x".repeat((n * 37) % 5000) });
      tell(`put ${name}`);
      if (n % 5 === 0) {
        tell(`removing ${name}`);
        await collection.remove(name);
        tell(`removed ${name}`);
      }
    }
  }

  async function writeBlobs(writer: number): Promise<void> {
    for (let n = 0; ; n++) {
      const bytes = randomBytes(1000 + ((n * 104_729) % 300_000));
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const upload = await blobs.begin(`upload-00000-${run}-${writer}-${n}`, {
        repository_name: "",
        user: "",
        started: "",
      });
      const half = bytes.length >> 1;
      await upload.append(Readable.from([bytes.subarray(0, half)]));
      tell(`received ${upload.id} ${half}`);
      await upload.append(Readable.from([bytes.subarray(half)]));
      tell(`committing ${upload.id}`);
      await upload.commit(digest);
      tell(`blob ${digest} ${bytes.length}`);
    }
  }

  await Promise.all([...[1, 2, 3, 4].map(writeNotes), ...[1, 2].map(writeBlobs)]);
}

void write();
