import { defineStore } from "pinia";
import { useClient, useConnection } from "../client.ts";
import { useEvents } from "./events.ts";
import { createReading } from "./reading.ts";
import type { RepositoryName } from "./repository.ts";

export interface ArtifactName extends RepositoryName {
  reference: string;
}

/** The artifact that is open. */
export const useArtifact = defineStore("artifact", () => {
  const client = useClient();
  const { transport } = useConnection();
  const reading = createReading((name: ArtifactName) =>
    client.artifacts.get({ ...name, with_tag: true, with_accessory: true }),
  );
  const artifact = reading.value;

  useEvents().follow(
    (event) =>
      event.repository_name !== undefined && event.repository_name === artifact.value?.repository_name,
    () => void reading.refresh(),
  );

  return {
    artifact,
    fault: reading.fault,
    open: reading.open,
    leave: reading.leave,
    history: (name: ArtifactName) => client.artifacts.history(name),
    /** Absent where it cannot be asked for. */
    manifest:
      transport.place === "window" ? (name: ArtifactName) => client.artifacts.manifest(name) : undefined,
  };
});
