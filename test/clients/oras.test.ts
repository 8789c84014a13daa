import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { openHome, type Home } from "./home.ts";

const reportType = "application/vnd.acme.report";
const sbomType = "application/vnd.acme.sbom";

interface Discovered {
  digest: string;
  artifactType: string;
  annotations?: Record<string, string>;
  referrers?: Discovered[];
}

describeWith(["oras"], "oras", () => {
  let berth: Berth;
  let home: Home;

  beforeAll(async () => {
    home = await openHome();
    berth = await startBerth();
    await home.signIn(berth.address, berth.admin);
  });

  afterAll(async () => {
    await home?.close();
    await berth?.close();
  });

  const named = (name: string): string => `${berth.address}/${name}`;
  const oras = (...args: string[]): Promise<string> => home.does("oras", ...args, "--plain-http");
  const at = (name: string): string => join(home.folder, name);

  /** Pushes a file of random bytes as an artifact; gives them. */
  async function pushReport(reference: string): Promise<Buffer> {
    const bytes = randomBytes(300_000);
    await writeFile(at("report.bin"), bytes);
    await oras("push", "--artifact-type", reportType, reference, "report.bin:application/octet-stream");
    return bytes;
  }

  async function attach(reference: string, type: string, file: string): Promise<string> {
    const output = await oras(
      "attach",
      "--format",
      "json",
      "--artifact-type",
      type,
      reference,
      `${file}:text/plain`,
    );
    return (JSON.parse(output) as { digest: string }).digest;
  }

  async function discovered(reference: string, ...options: string[]): Promise<Discovered[]> {
    const output = await oras("discover", "--format", "json", ...options, reference);
    return (JSON.parse(output) as Discovered).referrers ?? [];
  }

  test("pushes an artifact that is no image, and pulls its very bytes", async () => {
    const bytes = await pushReport(named("library/report:1"));
    await mkdir(at("pulled"));
    await oras("pull", "--output", at("pulled"), named("library/report:1"));
    expect((await readFile(at("pulled/report.bin"))).equals(bytes)).toBe(true);

    const which = { project_name: "library", repository_name: "report", reference: "1" };
    expect(await berth.client().artifacts.get(which)).toMatchObject({ artifact_type: reportType });
  });

  test("finds what was attached to an artifact, by its type too, and pulls it", async () => {
    const subject = named("library/subject:1");
    await pushReport(subject);
    expect(await discovered(subject)).toEqual([]);
    await writeFile(at("sbom.txt"), "berth needs a harbour");
    await writeFile(at("note.txt"), "seen by two people");
    const sbom = await attach(subject, sbomType, "sbom.txt");
    const note = await attach(subject, "application/vnd.acme.note", "note.txt");

    expect((await discovered(subject)).map(({ digest }) => digest).sort()).toEqual([sbom, note].sort());
    const ofType = await discovered(subject, "--artifact-type", sbomType);
    expect(ofType).toMatchObject([{ digest: sbom, artifactType: sbomType }]);
    await mkdir(at("sbom"));
    await oras("pull", "--output", at("sbom"), `${named("library/subject")}@${sbom}`);
    expect(await readFile(at("sbom/sbom.txt"), "utf8")).toBe("berth needs a harbour");
  });

  test("shows what is attached to what is attached", async () => {
    const subject = named("library/chain:1");
    await pushReport(subject);
    await writeFile(at("sbom.txt"), "a list of parts");
    await writeFile(at("signature.txt"), "signed");
    const sbom = await attach(subject, sbomType, "sbom.txt");
    const signature = await attach(
      `${named("library/chain")}@${sbom}`,
      "application/vnd.acme.sig",
      "signature.txt",
    );
    expect(await discovered(subject)).toMatchObject([{ digest: sbom, referrers: [{ digest: signature }] }]);
  });

  test("copies an artifact with all that is attached to it into another repository", async () => {
    const subject = named("library/origin:1");
    await pushReport(subject);
    await writeFile(at("sbom.txt"), "a list of parts");
    const sbom = await attach(subject, sbomType, "sbom.txt");
    const plain = ["--from-plain-http", "--to-plain-http"];
    await home.does("oras", "cp", "--recursive", ...plain, subject, named("library/target:1"));
    expect(await discovered(named("library/target:1"))).toMatchObject([{ digest: sbom }]);
  });

  test("deletes what was attached, and no longer finds it", async () => {
    const subject = named("library/cleaned:1");
    await pushReport(subject);
    await writeFile(at("sbom.txt"), "a list of parts");
    const sbom = await attach(subject, sbomType, "sbom.txt");
    await oras("manifest", "delete", "--force", `${named("library/cleaned")}@${sbom}`);
    expect(await discovered(subject)).toEqual([]);
  });

  test("lists the tags and the repositories", async () => {
    await pushReport(named("library/listed:1,2"));
    const tags = await oras("repo", "tags", named("library/listed"));
    expect(tags.split("\n")).toEqual(["1", "2"]);
    const repositories = await oras("repo", "ls", berth.address);
    expect(repositories.split("\n")).toContain("library/listed");
  });
});
