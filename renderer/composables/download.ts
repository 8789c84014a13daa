import { useI18n } from "vue-i18n";
import { useConnection } from "../client.ts";
import { useNotices } from "../stores/notices.ts";

/** Lets the person keep a text as a file: a browser by its own means, the window by asking where. */
export function useDownload() {
  const { t } = useI18n();
  const { client, transport } = useConnection();
  const notices = useNotices();

  return async function download(name: string, text: string, type: string): Promise<void> {
    if (transport.place !== "window") return hand(name, text, type);
    const { saved } = await client.desktop.save({ name, text });
    if (saved) notices.say(t("download.done"));
  };
}

function hand(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
