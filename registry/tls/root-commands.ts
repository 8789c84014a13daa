import { dirname } from "node:path";

export interface WantedFile {
  path: string;
  content: string;
}

interface About {
  /** The file that the certificate lies in. */
  path: string;
  /** Has to be run when the files have changed. */
  after?: string | undefined;
}

/** What a person runs as root in place of Berth: the commands that write these files, and those that remove them. */
export function rootCommands(files: readonly WantedFile[], { path, after }: About) {
  const tell = after === undefined || files.length === 0 ? [] : [`sudo ${after}`];
  const writing = files.map(({ path: to, content }) =>
    content.startsWith("-----BEGIN")
      ? `sudo install -D -m 644 ${quoted(path)} ${quoted(to)}`
      : `printf %s ${quoted(content)} | sudo tee ${quoted(to)} > /dev/null`,
  );
  // A folder of ours holds nothing else; the system's own does.
  const folders = [...new Set(files.map((file) => dirname(file.path)))];
  const removing = after === undefined ? folders.map((folder) => `sudo rm -r ${quoted(folder)}`) : [];
  const removingFiles = after === undefined ? [] : files.map((file) => `sudo rm ${quoted(file.path)}`);
  return { commands: [...writing, ...tell], undo_commands: [...removing, ...removingFiles, ...tell] };
}

/** As one word for `sh`. POSIX.1, 2.2. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
