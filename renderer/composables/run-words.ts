import { useI18n } from "vue-i18n";
import type { Execution } from "../../registry/contract/executions.ts";

/** What there is to say of a run. */
export function useRunWords() {
  const { t } = useI18n();

  /** How its jobs stand, those first that ask for attention. */
  function countsOf({ total, succeed, failed, in_progress, stopped }: Execution): string {
    if (total === 0) return t("runs.noJobs");
    const waiting = total - succeed - failed - in_progress - stopped;
    const told = { failed, in_progress, waiting, stopped, succeed };
    return Object.entries(told)
      .filter(([, number]) => number > 0)
      .map(([key, number]) => t(`runs.counts.${key}`, number))
      .join(", ");
  }

  function isRunning({ status }: Pick<Execution, "status">): boolean {
    return status === "Pending" || status === "InProgress";
  }

  function canRetry({ failed, stopped }: Pick<Execution, "failed" | "stopped">): boolean {
    return failed + stopped > 0;
  }

  return { countsOf, isRunning, canRetry };
}
