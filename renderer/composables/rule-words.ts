import { useI18n } from "vue-i18n";
import type { ReplicationFilter } from "../../registry/contract/replication.ts";
import type { Rule } from "../rules.ts";
import { scheduleOf, type Schedule } from "../schedule.ts";

type Side = Rule["src_registry"];

/** Words that stand alone elsewhere, inside a sentence. */
export function inside(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

/** What a rule does, in words. */
export function useRuleWords() {
  const { t, locale } = useI18n();

  function sideOf({ id, name }: Side): string {
    return id === 0 ? t("rules.here") : (name ?? t("rules.endpoint", { id }));
  }

  /** Which repositories and artifacts it is for, a sentence's part each. */
  function choiceOf({ project_name, filters }: Pick<Rule, "project_name" | "filters">): string[] {
    const names = filters.filter(({ type }) => type === "name");
    const whole = project_name === undefined && names.length === 0;
    return [
      ...(project_name === undefined ? [] : [t("ruleWords.project", { name: project_name })]),
      ...(whole ? [t("ruleWords.everything")] : []),
      ...filters.map(filterOf),
    ];
  }

  function filterOf({ type, value, decoration }: ReplicationFilter): string {
    const told = [value].flat().join(", ");
    return t(`ruleWords.${type}${decoration === "excludes" ? "Excluded" : ""}`, { value: told });
  }

  /** `short` is for a column of a list. */
  function triggerOf({ trigger }: Pick<Rule, "trigger">, short = false): string {
    const cron = trigger.trigger_settings?.cron;
    if (trigger.type === "event_based" && short) return t("triggers.event_basedShort");
    if (trigger.type !== "scheduled" || cron === undefined) return t(`triggers.${trigger.type}`);
    return scheduleInWords(scheduleOf(cron));
  }

  function scheduleInWords({ kind, time, day, cron }: Schedule): string {
    const minute = time.slice(3);
    return t(`schedule.${kind}Told`, { time, minute, day: weekday(day), cron });
  }

  /** From Sunday, 0. */
  function weekday(day: number): string {
    // The third of January 2021 was a Sunday.
    const date = new Date(Date.UTC(2021, 0, 3 + day));
    return new Intl.DateTimeFormat(locale.value, { weekday: "long", timeZone: "UTC" }).format(date);
  }

  /** How much of the path the destination stands for. */
  function flatteningOf(count: number): string {
    const known = [-1, 0, 1, 2, 3].includes(count);
    return known ? t(`flattening.${count === -1 ? "all" : count}`) : t("flattening.more", { n: count });
  }

  return { sideOf, choiceOf, triggerOf, scheduleInWords, weekday, flatteningOf };
}
