import { ref, shallowRef, watch } from "vue";
import type { RouteLocationRaw } from "vue-router";
import { artifactPlace, repositoryPlace } from "../places.ts";
import { useRegistry } from "../stores/registry.ts";

export interface FoundPlace {
  key: string;
  kind: "project" | "repository" | "artifact";
  name: string;
  to: RouteLocationRaw;
}

const most = 8;
/** After the last key, in milliseconds. */
const pause = 150;

/** Projects, repositories and artifacts by a part of their name, as it is typed. */
export function useFinding() {
  const registry = useRegistry();
  const text = ref("");
  const places = shallowRef<FoundPlace[]>([]);
  /** The places belong to the text. */
  const searched = ref(false);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  watch(text, (wanted) => {
    clearTimeout(waiting);
    const mine = ++turn;
    if (wanted.trim() === "") {
      searched.value = false;
      return;
    }
    waiting = setTimeout(async () => {
      const found = await placesOf(wanted.trim()).catch(() => []);
      if (mine !== turn) return;
      places.value = found;
      searched.value = true;
    }, pause);
  });

  async function placesOf(wanted: string): Promise<FoundPlace[]> {
    const { project, repository, artifact } = await registry.search(wanted);
    return [
      ...project.slice(0, most).map(({ name }) => ({
        key: `project ${name}`,
        kind: "project" as const,
        name,
        to: { name: "project", params: { project: name } },
      })),
      ...repository.slice(0, most).map(({ repository_name: name }) => ({
        key: `repository ${name}`,
        kind: "repository" as const,
        name,
        to: repositoryPlace(name),
      })),
      ...artifact.slice(0, most).map(({ repository_name, digest, tags }) => {
        const tag = tags.find((name) => name.includes(wanted)) ?? tags[0];
        return {
          key: `artifact ${repository_name} ${digest}`,
          kind: "artifact" as const,
          name: tag === undefined ? `${repository_name}@${digest.slice(0, 19)}` : `${repository_name}:${tag}`,
          to: artifactPlace(repository_name, tag ?? digest),
        };
      }),
    ];
  }

  function clear(): void {
    text.value = "";
  }

  return { text, places, searched, clear };
}
