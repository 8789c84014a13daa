import {
  CircleCheckFilled,
  CircleCloseFilled,
  Clock,
  QuestionFilled,
  Refresh,
  RemoveFilled,
  VideoPause,
  WarningFilled,
} from "@element-plus/icons-vue";
import type { Component } from "vue";
import { useI18n } from "vue-i18n";
import type { Endpoint } from "../../registry/contract/registries.ts";
import type { Execution } from "../../registry/contract/executions.ts";
import type { Rule } from "../rules.ts";
import type { Job } from "../stores/jobs.ts";
import { useRules } from "../stores/rules.ts";

export type Tone = "good" | "warn" | "bad" | "accent" | "soft";

/** How something stands: by colour, icon and word, so that none of them is needed. */
export interface Standing {
  tone: Tone;
  icon: Component;
  text: string;
  /** It moves on by itself. */
  moving?: boolean;
}

const rules: Record<Rule["state"] | "paused", Omit<Standing, "text">> = {
  disabled: { tone: "soft", icon: RemoveFilled },
  idle: { tone: "good", icon: CircleCheckFilled },
  running: { tone: "accent", icon: Refresh, moving: true },
  retrying: { tone: "warn", icon: Clock },
  failing: { tone: "bad", icon: WarningFilled },
  paused: { tone: "warn", icon: VideoPause },
};

const jobs: Record<Job["status"] | "Retrying" | "Paused", Omit<Standing, "text">> = {
  Pending: { tone: "soft", icon: Clock },
  InProgress: { tone: "accent", icon: Refresh, moving: true },
  Succeed: { tone: "good", icon: CircleCheckFilled },
  Failed: { tone: "bad", icon: CircleCloseFilled },
  Stopped: { tone: "soft", icon: RemoveFilled },
  Retrying: { tone: "warn", icon: Clock },
  Paused: { tone: "warn", icon: VideoPause },
};

const endpoints: Record<Endpoint["status"], Omit<Standing, "text">> = {
  healthy: { tone: "good", icon: CircleCheckFilled },
  unhealthy: { tone: "bad", icon: WarningFilled },
  unknown: { tone: "soft", icon: QuestionFilled },
};

/** The states of replication in colour, icon and word. */
export function useStates() {
  const { t } = useI18n();
  const store = useRules();

  function ofRule({ state }: Pick<Rule, "state">): Standing {
    const held = store.overview?.paused === true && (state === "running" || state === "retrying");
    const key = held ? "paused" : state;
    return { ...rules[key], text: t(`ruleState.${key}`) };
  }

  function ofRun({ status }: Pick<Execution, "status">): Standing {
    const key = isHeld(status) ? "Paused" : status;
    return { ...jobs[key], text: t(`jobState.${key}`) };
  }

  function ofJob({ status, retry_at, operation }: Job): Standing {
    const isActive = status === "InProgress" || status === "Pending";
    if (isActive && isHeld(status)) return { ...jobs.Paused, text: t("jobState.Paused") };
    if (isActive && retry_at !== undefined) return { ...jobs.Retrying, text: t("jobState.Retrying") };
    const deletes = status === "InProgress" && operation === "deletion";
    return { ...jobs[status], text: t(deletes ? "jobState.Deleting" : `jobState.${status}`) };
  }

  function ofEndpoint({ status }: Pick<Endpoint, "status">): Standing {
    return { ...endpoints[status], text: t(`endpointState.${status}`) };
  }

  /** Paused, nothing that is not over moves on. */
  function isHeld(status: Job["status"]): boolean {
    return store.overview?.paused === true && (status === "Pending" || status === "InProgress");
  }

  return { ofRule, ofRun, ofJob, ofEndpoint };
}
