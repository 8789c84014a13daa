import type { RegistryEvent } from "../../registry/contract/event.ts";
import type { Operation } from "../../registry/contract/operation.ts";
import type { ArchiveMover } from "./archives.ts";

/** How calls reach the registry and events come back. Faults of the other side arrive as `Fault`. */
export interface Transport {
  /** Only the window offers the operations that have no REST path. */
  readonly place: "window" | "browser";
  readonly archives: ArchiveMover;
  call(name: string, operation: Operation, input: Record<string, unknown>): Promise<unknown>;
  /**
   * Hears events until the returned function is called. `link` is told `false` when events stop coming
   * and `true` when they come again: what happened between was not heard.
   */
  on(listener: (event: RegistryEvent) => void, link: (up: boolean) => void): () => void;
}
