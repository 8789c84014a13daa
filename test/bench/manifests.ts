import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { locate } from "../parts.ts";
import type { Repository } from "./contenders.ts";

export interface Load {
  method: "GET" | "HEAD";
  tag: string;
  connections: number;
  seconds: number;
}

/**
 * Requests a second that are answered with success, each connection asking again once it has its answer.
 *
 * `GET` by wrk. wrk waits for the body that the answer to a `HEAD` names and never has, so `HEAD` by a program of ours.
 */
export async function requestsPerSecond(repository: Repository, load: Load): Promise<number> {
  const headers = { ...repository.headers, accept: "application/vnd.oci.image.manifest.v1+json" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const url = `${repository.url}/manifests/${load.tag}`;
  const { connections, seconds } = load;
  const output = await (load.method === "GET"
    ? run(locate("wrk"), [
        "-t1",
        `-c${connections}`,
        `-d${seconds}s`,
        ...lines.flatMap((line) => ["-H", line]),
        url,
      ])
    : run(process.execPath, ["--import", "tsx", heads, url, String(connections), String(seconds), ...lines]));
  const [, rate] = /^Requests\/sec: *([\d.]+)/m.exec(output) ?? [];
  if (rate === undefined || /Non-2xx|Socket errors/.test(output))
    throw new Error(`${repository.owner.name}: ${output}`);
  return Number(rate);
}

const heads = fileURLToPath(new URL("./heads.ts", import.meta.url));

async function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  await once(child, "close");
  return out;
}
