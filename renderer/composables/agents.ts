import { useI18n } from "vue-i18n";

const browsers: [RegExp, string][] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const systems: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** A `User-Agent` as people call it: “Firefox on Linux”. */
export function useAgents() {
  const { t } = useI18n();

  function inWords({ agent, from }: { agent: string; from: string }): string {
    if (from === "window") return t("sessions.window");
    const browser = nameOf(browsers, agent);
    const system = nameOf(systems, agent);
    if (browser !== undefined && system !== undefined) return t("sessions.browser", { browser, system });
    // A program tells its name and version first: `curl/8.5.0`.
    return browser ?? (agent.split(/[\s/]/)[0] || t("sessions.unknown"));
  }

  return { inWords };
}

function nameOf(known: [RegExp, string][], agent: string): string | undefined {
  return known.find(([sign]) => sign.test(agent))?.[1];
}
