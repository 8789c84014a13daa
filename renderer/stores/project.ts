import { defineStore } from "pinia";
import type { Permission } from "../../registry/contract/permission.ts";
import { computed } from "vue";
import { useClient } from "../client.ts";
import { mayIn } from "../rights.ts";
import { useEvents } from "./events.ts";
import { createReading } from "./reading.ts";
import { useSession } from "./session.ts";

/** The project that is open, by its name, and what may be done in it. */
export const useProject = defineStore("project", () => {
  const client = useClient();
  const session = useSession();
  const reading = createReading((project_name_or_id: string) => client.projects.get({ project_name_or_id }));
  const project = reading.value;
  const isPublic = computed(() => project.value?.metadata.public === "true");

  useEvents().follow(
    (event) => event.project_id === project.value?.project_id && event.name !== "artifact.pulled",
    () => void reading.refresh(),
  );

  function may(permission: Permission): boolean {
    return mayIn(project.value, session.user, permission);
  }

  /** What a proxy project keeps comes from its endpoint alone. */
  const mayImport = computed(() => may("repository:push") && !project.value?.registry_id);

  async function setPublic(name: string, toPublic: boolean): Promise<void> {
    await client.projects.update({ project_name_or_id: name, metadata: { public: String(toPublic) } });
    await reading.refresh();
  }

  return {
    project,
    fault: reading.fault,
    open: reading.open,
    refresh: reading.refresh,
    leave: reading.leave,
    isPublic,
    may,
    mayImport,
    setPublic,
    deletable: (name: string) => client.projects.deletable({ project_name_or_id: name }),
    remove: (name: string) => client.projects.remove({ project_name_or_id: name }),
  };
});
