import { extract, pack, type Header } from "tar-stream";
import { archivePath, type Imported } from "../../registry/contract/archives.ts";
import type { Berth } from "../harness.ts";

/** Archives as a client moves them, over HTTP; written and read by a library of its own. */

type As = { name: string; password: string } | null;

interface Options {
  repository?: string;
  as?: As;
}

export async function exportArchive(
  berth: Berth,
  project: string,
  { repository, as }: Options = {},
): Promise<Buffer> {
  const answer = await berth.fetch(archivePath({ project, repository }), as === undefined ? {} : { as });
  if (!answer.ok) throw new Error(`exporting answered ${answer.status}: ${await answer.text()}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Sends an archive, whatever comes of it. */
export function sendArchive(
  berth: Berth,
  project: string,
  body: Buffer,
  { repository, as }: Options = {},
): Promise<Response> {
  return berth.fetch(archivePath({ project, repository }), {
    method: "POST",
    headers: { "content-type": "application/x-tar" },
    body: body as unknown as BodyInit,
    ...(as === undefined ? {} : { as }),
  });
}

export async function importArchive(
  berth: Berth,
  project: string,
  body: Buffer,
  options: Options = {},
): Promise<Imported> {
  const answer = await sendArchive(berth, project, body, options);
  if (!answer.ok) throw new Error(`importing answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Imported;
}

/** The status and the sentence with which an archive is refused. */
export async function refusalOf(answer: Response): Promise<{ status: number; message: string }> {
  const { errors } = (await answer.json()) as { errors: { message: string }[] };
  return { status: answer.status, message: errors[0]?.message ?? "" };
}

export type File = [header: string | (Partial<Header> & { name: string }), content?: Buffer | string];

/** A tar of these entries, in their order. */
export async function tarOf(files: readonly File[]): Promise<Buffer> {
  const packing = pack();
  const chunks: Buffer[] = [];
  const whole = (async () => {
    for await (const chunk of packing) chunks.push(chunk as Buffer);
  })();
  for (const [header, content = ""] of files) {
    const fields = typeof header === "string" ? { name: header } : header;
    packing.entry({ mtime: new Date(0), ...fields }, content);
  }
  packing.finalize();
  await whole;
  return Buffer.concat(chunks);
}

/** What a tar holds, by name. */
export async function filesIn(tar: Buffer): Promise<Map<string, Buffer>> {
  const extracting = extract();
  extracting.end(tar);
  const files = new Map<string, Buffer>();
  for await (const entry of extracting) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    files.set(entry.header.name, Buffer.concat(parts));
  }
  return files;
}

interface IndexEntry {
  digest: string;
  artifactType?: string;
  annotations?: Record<string, string>;
}

export function indexIn(files: Map<string, Buffer>): IndexEntry[] {
  const { manifests } = JSON.parse(String(files.get("index.json"))) as { manifests: IndexEntry[] };
  return manifests;
}

/** Everything that a project holds, to compare it with another: digests, tags, and what refers to what. */
export async function contentOf(berth: Berth, project_name: string): Promise<Record<string, unknown>> {
  const client = berth.client();
  const { items } = await client.repositories.list({ project_name, page_size: 100, sort: "name" });
  const content: Record<string, unknown> = {};
  for (const { name } of items) {
    const repository_name = name.slice(project_name.length + 1);
    const listed = await client.artifacts.list({
      project_name,
      repository_name,
      page_size: 100,
      with_accessory: true,
    });
    const told = listed.items.map(({ digest, tags, accessories, size, references, manifest_media_type }) => ({
      digest,
      size,
      manifest_media_type,
      tags: tags.map((tag) => tag.name).sort(),
      accessories: accessories.map((accessory) => accessory.digest).sort(),
      references: references.map((reference) => reference.child_digest),
    }));
    content[repository_name] = told.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  }
  return content;
}
