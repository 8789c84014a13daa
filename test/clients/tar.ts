import { run } from "../parts.ts";

/** Packs a folder into a tar beside it that says nothing of when and by whom: the same files make the same bytes. */
export async function packed(folder: string): Promise<string> {
  const tar = `${folder}.tar`;
  const anonymous = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const made = await run("tar", [...anonymous, "-cf", tar, "-C", folder, "."]);
  if (made.code !== 0) throw new Error(`tar of ${folder} failed: ${made.stderr}`);
  return tar;
}
