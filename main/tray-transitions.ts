import type { TrayRule } from "./tray-standing.ts";

/** That a rule began to fail, or recovered. */
export interface Transition {
  rule: TrayRule;
  kind: "failing" | "recovered";
}

/** As long as a rule may try again before that is told: a network that blinks is no news. Milliseconds. */
const patience = 120_000;

/**
 * Tells of each rule when it begins to fail and when it works again, once each. What is found at the first look is the
 * state of things, and no news.
 */
export function createTransitions(): (rules: readonly TrayRule[], now: number) => Transition[] {
  const known = new Map<number, { failing: boolean; retryingSince?: number | undefined }>();
  let first = true;

  return (rules, now) => {
    const told: Transition[] = [];
    for (const rule of rules) {
      const before = known.get(rule.id) ?? { failing: false };
      const retryingSince = rule.state === "retrying" ? (before.retryingSince ?? now) : undefined;
      const failing = isFailing(rule, before.failing, retryingSince, now);
      known.set(rule.id, { failing, retryingSince });
      if (first || failing === before.failing) continue;
      // Whoever disables a rule that fails knows it.
      if (failing || rule.state !== "disabled") told.push({ rule, kind: failing ? "failing" : "recovered" });
    }
    const present = new Set(rules.map(({ id }) => id));
    for (const id of known.keys()) if (!present.has(id)) known.delete(id);
    first = false;
    return told;
  };
}

function isFailing(
  { state }: TrayRule,
  before: boolean,
  retryingSince: number | undefined,
  now: number,
): boolean {
  if (state === "failing") return true;
  // While it runs again nobody knows yet.
  if (state === "running") return before;
  if (retryingSince !== undefined) return before || now - retryingSince >= patience;
  return false;
}
