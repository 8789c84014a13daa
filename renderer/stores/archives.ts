import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import type { ArchivePlace, Imported } from "../../registry/contract/archives.ts";
import { toFault, type Fault } from "../../registry/contract/fault.ts";
import { useConnection } from "../client.ts";
import { useSession } from "./session.ts";

/** What is exported or imported, and what came of it. */
export interface Moving {
  deed: "export" | "import";
  place: ArchivePlace;
  /** Of the project or the repository, with its project. */
  name: string;
}

type Outcome =
  { kind: "imported"; imported: Imported } | { kind: "saved" } | { kind: "failed"; fault: Fault };

/** The one archive that is being moved, or was last. */
export const useArchives = defineStore("archives", () => {
  const { archives: mover, place: kind } = useConnection().transport;
  const session = useSession();
  const moving = shallowRef<Moving>();
  const outcome = shallowRef<Outcome>();
  /** Nothing is shown before something moves: until then the system asks for a file. */
  const shown = ref(false);
  const bytes = ref(0);
  const total = ref(0);
  const busy = computed(() => moving.value !== undefined && outcome.value === undefined);
  /** All of it has come; what is left is to look through it and to keep it. */
  const finishing = computed(() => busy.value && total.value > 0 && bytes.value >= total.value);
  /** The archive names no repository, and would go into one that is chosen. */
  const needsRepository = computed(
    () => outcome.value?.kind === "failed" && hasNeed(outcome.value.fault.detail, "repository"),
  );

  function hear(moved: number, of: number): void {
    shown.value = true;
    bytes.value = moved;
    total.value = of;
  }

  /** Runs it as the one that is shown. `undefined` of the work means that nobody wants to hear of it. */
  async function run(next: Moving, work: () => Promise<Outcome | undefined>): Promise<void> {
    moving.value = next;
    outcome.value = undefined;
    [bytes.value, total.value] = [0, 0];
    let came: Outcome | undefined;
    try {
      came = await work();
    } catch (error) {
      const fault = toFault(error);
      if (fault.status === 401 || fault.status === 403) void session.doubt(`archives.${next.deed}`);
      came = { kind: "failed", fault };
    }
    if (came === undefined) close();
    else [outcome.value, shown.value] = [came, true];
  }

  /** Bytes that a browser begins to fetch: it shows the rest itself. */
  async function send(next: Omit<Moving, "deed">): Promise<number | undefined> {
    let fetched: number | undefined;
    await run({ ...next, deed: "export" }, async () => {
      const exported = await mover.export(next.place, hear);
      if (exported.came === "begun") fetched = exported.size;
      return exported.came === "saved" ? { kind: "saved" } : undefined;
    });
    return fetched;
  }

  const imported = (what: Imported | undefined): Outcome | undefined =>
    what && { kind: "imported", imported: what };

  async function take(next: Omit<Moving, "deed">, file?: File): Promise<void> {
    await run({ ...next, deed: "import" }, async () => imported(await mover.import(next.place, file, hear)));
  }

  /** The same file into that repository. */
  async function takeInto(repository: string): Promise<void> {
    const { place, name = "" } = moving.value ?? {};
    if (!place) return;
    const next: Moving = { deed: "import", place: { ...place, repository }, name: `${name}/${repository}` };
    await run(next, async () => imported(await mover.again(next.place, hear)));
  }

  function close(): void {
    moving.value = undefined;
    outcome.value = undefined;
    shown.value = false;
  }

  return {
    moving,
    outcome,
    shown,
    bytes,
    total,
    busy,
    finishing,
    needsRepository,
    /** Where the page is: a browser has no dialog of its own to ask for a file by. */
    asksByPage: kind === "browser",
    send,
    take,
    takeInto,
    close,
    cancel: () => mover.cancel(),
  };
});

function hasNeed(detail: unknown, what: string): boolean {
  return (detail as { needs?: unknown } | undefined)?.needs === what;
}
