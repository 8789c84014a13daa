import { describe, expect, test } from "vitest";
import type { ReplicationPolicy } from "../../registry/contract/replication.ts";
import { destinationOf, draftOf, emptyForm, formOf } from "../../renderer/rules.ts";
import { cronOf, scheduleOf } from "../../renderer/schedule.ts";

const rule: ReplicationPolicy = {
  id: 1,
  name: "nightly",
  description: "",
  src_registry: { id: 0, name: "Local", type: "berth" },
  dest_registry: { id: 3, name: "backup", type: "harbor" },
  dest_namespace: "mirror",
  dest_namespace_replace_count: 2,
  trigger: { type: "scheduled", trigger_settings: { cron: "0 30 2 * * *" } },
  filters: [
    { type: "name", value: "acme/**" },
    { type: "name", value: "**/app" },
    { type: "tag", value: "v*", decoration: "excludes" },
    { type: "platform", value: ["linux/amd64"], decoration: "matches" },
    { type: "resource", value: "image" },
  ],
  deletion: false,
  replicate_deletion: false,
  override: false,
  enabled: false,
  speed: 800,
  copy_by_chunk: true,
  single_active_replication: true,
  retry_limit: 5,
  creation_time: "2026-01-01T00:00:00.000Z",
  update_time: "2026-01-01T00:00:00.000Z",
  state: "disabled",
  active_jobs: 0,
};

describe("a rule in its dialog", () => {
  test("comes out as it went in, with what the dialog does not show", () => {
    const draft = draftOf(formOf(rule));
    expect(draft).toMatchObject({
      name: "nightly",
      src_registry: { id: 0 },
      dest_registry: { id: 3 },
      dest_namespace: "mirror",
      dest_namespace_replace_count: 2,
      trigger: rule.trigger,
      override: false,
      enabled: false,
      speed: 800,
      copy_by_chunk: true,
      single_active_replication: true,
      retry_limit: 5,
    });
    expect(new Set(draft.filters)).toEqual(new Set(rule.filters));
  });

  test("copies deletions only when it hears of them", () => {
    const form = { ...emptyForm("acme"), name: "x", endpoint: 3, deletion: true };
    expect(draftOf(form)).toMatchObject({ deletion: true, project_name: "acme", speed: -1 });
    expect(draftOf({ ...form, trigger: "manual" })).toMatchObject({ deletion: false });
  });

  test("fetches from the other side when it pulls", () => {
    const form = { ...emptyForm(undefined), name: "x", endpoint: 3, direction: "pull" as const };
    expect(draftOf(form)).toMatchObject({ src_registry: { id: 3 }, dest_registry: { id: 0 } });
  });
});

test.each([
  ["", 1, "a/b/c/image"],
  ["n", -1, "n/image"],
  ["n", 0, "n/a/b/c/image"],
  ["n", 1, "n/b/c/image"],
  ["n", 2, "n/c/image"],
  ["n", 3, "n/image"],
])("what lands in “%s” with %i parts replaced is %s", (namespace, count, name) => {
  expect(destinationOf("a/b/c/image", namespace, count)).toBe(name);
});

test.each([
  ["0 */15 * * * *", "quarter"],
  ["0 20 * * * *", "hourly"],
  ["0 30 2 * * *", "daily"],
  ["0 5 14 * * 0", "weekly"],
  ["0 0 2 1 * *", "own"],
  ["0 0 2 * * 1-5", "own"],
])("the schedule %s is read as %s and written the same", (cron, kind) => {
  const schedule = scheduleOf(cron);
  expect(schedule.kind).toBe(kind);
  expect(cronOf(schedule)).toBe(cron);
});
