import { archivePath, type Imported } from "../../registry/contract/archives.ts";
import { Fault, faultOf, type FaultBody } from "../../registry/contract/fault.ts";
import type { ArchiveMover, Hear } from "./archives.ts";

interface Deps {
  origin: string;
  /** The headers by which a session shows that a change is its own page's wish. */
  proof(): Promise<Record<string, string>>;
}

/** In a browser: what goes out is a download like any other, what comes in is sent with its progress told. */
export function createHttpArchives({ origin, proof }: Deps): ArchiveMover {
  let sending: XMLHttpRequest | undefined;
  let last: File | undefined;

  async function send(path: string, file: File, hear: Hear): Promise<Imported | undefined> {
    last = file;
    // Known before the first byte: to hear at the end that it was missing would be to send everything twice.
    const headers = await proof();
    const request = new XMLHttpRequest();
    sending = request;
    request.open("POST", `${origin}${path}`);
    request.setRequestHeader("content-type", "application/x-tar");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => hear(Math.min(loaded, file.size), file.size);
    hear(0, file.size);
    return new Promise((resolve, reject) => {
      request.onabort = () => resolve(undefined);
      request.onerror = () => reject(new Fault("SERVICE_UNAVAILABLE", "the registry does not answer"));
      request.onload = () => {
        const said = parsed(request.responseText);
        if (request.status === 200) resolve(said as Imported);
        else reject(faultIn(said, request.status));
      };
      request.send(file);
    });
  }

  return {
    async export(place) {
      const url = `${origin}${archivePath(place)}`;
      // A link that fails would leave a file with the reason in it, or nothing at all.
      const asked = await fetch(url, { method: "HEAD" }).catch(() => undefined);
      if (!asked?.ok) throw await reasonOf(url);
      const link = document.createElement("a");
      link.href = url;
      link.download = "";
      link.click();
      return { came: "begun", size: Number(asked.headers.get("content-length") ?? 0) };
    },

    async import(place, file, hear) {
      return file && send(archivePath(place), file, hear);
    },

    async again(place, hear) {
      return last && send(archivePath(place), last, hear);
    },

    cancel: () => sending?.abort(),
  };
}

/** Why a `HEAD` was refused, which has no room to say so. */
async function reasonOf(url: string): Promise<Fault> {
  const stop = new AbortController();
  try {
    const answer = await fetch(url, { signal: stop.signal });
    if (!answer.ok) return faultIn(parsed(await answer.text()), answer.status);
    return new Fault("UNKNOWN", "the registry answered two things: try again");
  } catch {
    return new Fault("SERVICE_UNAVAILABLE", "the registry does not answer");
  } finally {
    stop.abort();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultIn(said: unknown, status: number): Fault {
  const { errors } = (said ?? {}) as { errors?: FaultBody[] };
  return faultOf(errors?.[0] ?? { message: `the registry answered ${status}` });
}
