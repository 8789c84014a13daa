import { useI18n } from "vue-i18n";
import { useEvents } from "../stores/events.ts";
import { useNotices } from "../stores/notices.ts";

/** Pushes come in bursts, and a listener needs only the last; in milliseconds. */
const quiet = 1500;

/** Tells who listens to the page that an image arrived. */
export function useAnnouncedPushes(): void {
  const { t } = useI18n();
  const notices = useNotices();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  useEvents().listen((event) => {
    if (event.name !== "artifact.pushed" || event.tag === undefined) return;
    clearTimeout(waiting);
    const name = `${event.repository_name}:${event.tag}`;
    waiting = setTimeout(() => notices.say(t("pushes.arrived", { name })), quiet);
  });
}
