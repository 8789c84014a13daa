import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileMode, noFollow, replaceFile, writeAll } from "../store/disk.ts";

/** Bytes: what a log may have, and what is kept of its beginning and of its end when it gets there. */
const most = 4 * 2 ** 20;
const kept = 2 ** 20;
const newline = 10;

/** A file of lines, added to at its end. It never grows beyond 4 MiB: its middle gives way, and a line says so. */
export async function openLogFile(path: string): Promise<{
  /** Adds whole lines. */
  append(lines: Buffer, dropped: (bytes: number) => string): Promise<void>;
  close(): Promise<void>;
}> {
  let file = await opened();
  let { size } = await file.stat();
  await endLine();

  function opened(): Promise<FileHandle> {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | noFollow;
    return open(path, flags, fileMode);
  }

  /** The last line may be torn: the process that wrote it was killed. */
  async function endLine(): Promise<void> {
    if (size === 0 || (await read(size - 1, size))[0] === newline) return;
    await writeAll(file, Buffer.from("\n"));
    size += 1;
  }

  async function read(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.alloc(to - from);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  }

  async function shorten(dropped: (bytes: number) => string): Promise<void> {
    const start = await read(0, kept);
    const head = start.subarray(0, start.lastIndexOf(newline) + 1);
    const end = await read(size - kept, size);
    const tail = end.subarray(end.indexOf(newline) + 1);
    const note = Buffer.from(dropped(size - head.length - tail.length));
    const beside = await open(
      `${path}~`,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noFollow,
      fileMode,
    );
    try {
      await writeAll(beside, Buffer.concat([head, note, tail]));
    } finally {
      await beside.close();
    }
    // Windows does not rename over an open file.
    await file.close();
    try {
      await replaceFile(`${path}~`, path);
    } finally {
      file = await opened();
      ({ size } = await file.stat());
    }
  }

  return {
    async append(lines, dropped) {
      if (size + lines.length > most) await shorten(dropped);
      await writeAll(file, lines);
      size += lines.length;
    },
    close: () => file.close(),
  };
}

/** The whole lines that begin at that byte, as far as a mebibyte reaches; nothing if there is no such file. */
export async function readLines(path: string, from: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | noFollow);
  try {
    const bytes = Buffer.alloc(kept);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    const end = bytes.lastIndexOf(newline, bytesRead - 1) + 1;
    return bytes.toString("utf8", 0, end);
  } finally {
    await file.close();
  }
}
