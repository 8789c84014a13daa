import type { ArchivePlace, Imported } from "../../registry/contract/archives.ts";
import { faultOf } from "../../registry/contract/fault.ts";
import type { ArchiveMover, Hear } from "./archives.ts";
import type { Bridge } from "./ipc.ts";

/** In the window the main process reads and writes the files: it alone knows where they are. */
export function createWindowArchives(bridge: Bridge): ArchiveMover {
  async function call<T>(
    verb: string,
    input: object,
    { hear, file }: { hear?: Hear; file?: File },
  ): Promise<T> {
    const deaf = bridge.on(({ name, bytes = 0, total_bytes = 0 }) => {
      if (name === "archive.moved") hear?.(bytes, total_bytes);
    });
    try {
      const reply = await bridge.call(`desktop.${verb}`, JSON.parse(JSON.stringify(input)), file);
      if ("error" in reply) throw faultOf(reply.error);
      return reply.value as T;
    } finally {
      deaf();
    }
  }

  async function take(input: ArchivePlace & { again?: boolean }, hear: Hear, file?: File) {
    const about = file === undefined ? { hear } : { hear, file };
    return (await call<{ imported?: Imported }>("importArchive", input, about)).imported;
  }

  return {
    async export(place, hear) {
      const { saved } = await call<{ saved: boolean }>("exportArchive", place, { hear });
      return { came: saved ? "saved" : "none" };
    },
    import: (place, file, hear) => take(place, hear, file),
    again: (place, hear) => take({ ...place, again: true }, hear),
    cancel: () => void call("cancelArchive", {}, {}),
  };
}
