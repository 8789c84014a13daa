import { ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import type { RowAction } from "../components/RowMenu.vue";
import { rulePlace } from "../places.ts";
import { isAtWork, type Rule } from "../rules.ts";
import { useNotices } from "../stores/notices.ts";
import { useRules } from "../stores/rules.ts";
import { useDoing } from "./doing.ts";

export type RuleDeeds = ReturnType<typeof useRuleDeeds>;

/** What can be done with a rule, in a list and on its own page. The dialogs that some of it needs are `RuleDialogs`. */
export function useRuleDeeds() {
  const { t } = useI18n();
  const { busy, run } = useDoing();
  const router = useRouter();
  const rules = useRules();
  const notices = useNotices();
  /** The one that a dialog is about; none for a new one. */
  const rule = shallowRef<Rule>();
  const editing = ref(false);
  const disabling = ref(false);
  const removing = ref(false);

  /** Why it cannot be done now; the user guide's guards. */
  function refusal(deed: "start" | "edit" | "remove", { enabled, active_jobs }: Rule): string | undefined {
    if (deed === "start") return enabled ? undefined : t("rules.startRefused");
    if (enabled) return t(deed === "edit" ? "rules.editRefused" : "rules.removeEnabled");
    return deed === "remove" && active_jobs > 0 ? t("rules.removeRunning", active_jobs) : undefined;
  }

  function actionsOf(of: Rule): RowAction[] {
    return [
      { key: "rule-start", text: t("rules.start"), refused: refusal("start", of) },
      { key: "rule-edit", text: t("rules.edit"), refused: refusal("edit", of) },
      { key: "rule-remove", text: t("rules.remove"), refused: refusal("remove", of), divided: true },
    ];
  }

  function act(of: Rule, action: string): void {
    if (action === "rule-start") return void start(of);
    rule.value = of;
    if (action === "rule-edit") editing.value = true;
    if (action === "rule-remove") removing.value = true;
  }

  function add(): void {
    rule.value = undefined;
    editing.value = true;
  }

  function start(of: Rule): Promise<void> {
    return run(async () => {
      const id = await rules.start(of);
      const show = (): void => void router.push(rulePlace(of.id, { run: id }));
      notices.show({
        text: t("rules.started", { name: of.name }),
        kind: "done",
        action: { label: t("rules.showRun"), run: show },
      });
    });
  }

  /** Only what would be cut off is asked about, as it is at this moment. */
  function toggle(of: Rule, enabled: boolean): Promise<void> {
    return run(async () => {
      rule.value = enabled ? of : await rules.read(of.id);
      if (!enabled && isAtWork(rule.value)) disabling.value = true;
      else await setEnabled(of, enabled);
    });
  }

  async function setEnabled(of: Rule, enabled: boolean): Promise<void> {
    await rules.setEnabled(of, enabled);
    notices.show({
      text: t(enabled ? "rules.nowOn" : "rules.nowOff", { name: of.name }),
      kind: "done",
      action: { label: t("notices.undo"), run: () => void run(() => setEnabled(of, !enabled)) },
    });
  }

  async function remove(of: Rule): Promise<void> {
    await rules.remove(of);
    notices.show({ text: t("rules.removed", { name: of.name }), kind: "done" });
  }

  return {
    rule,
    editing,
    disabling,
    removing,
    busy,
    refusal,
    actionsOf,
    act,
    add,
    start,
    toggle,
    setEnabled,
    remove,
  };
}
