import { useI18n } from "vue-i18n";
import type { registries } from "../../registry/contract/registries.ts";
import type { Answer } from "../../registry/contract/reply.ts";
import { sentence } from "./faults.ts";

type Reachable = Answer<(typeof registries.probe)["returns"]>;

/** How an endpoint answered, in the person's language; the registry's own English words follow where they say more. */
export function useReachable() {
  const { t, locale } = useI18n();

  function answerInWords({ problem, message }: Reachable): string {
    if (problem === undefined) return t("endpointProblem.none");
    const own = sentence(message);
    if (locale.value === "en" && message !== "") return own;
    return message === "" ? t(`endpointProblem.${problem}`) : `${t(`endpointProblem.${problem}`)} (${own})`;
  }

  return { answerInWords };
}
