import type { RouteRecordRaw } from "vue-router";
import { settingTabs, type SettingTab } from "./setting-fields.ts";

const section = (name: string, title: string, component: () => Promise<unknown>): RouteRecordRaw => ({
  path: name,
  name: `admin-${name}`,
  component: component as () => Promise<never>,
  meta: { title, personal: true },
});

/** The administrators' pages. Who is none is told that there is nothing. */
export const administration: RouteRecordRaw = {
  path: "/administration",
  component: () => import("./views/AdminPage.vue"),
  redirect: { name: "admin-users" },
  children: [
    section("users", "users.title", () => import("./views/AdminUsers.vue")),
    section("groups", "groups.title", () => import("./views/AdminGroups.vue")),
    section("robots", "robots.title", () => import("./views/AdminRobots.vue")),
    section("endpoints", "endpoints.title", () => import("./views/AdminEndpoints.vue")),
    section("replication", "rules.title", () => import("./views/AdminReplication.vue")),
    section("logs", "log.title", () => import("./views/AdminLogs.vue")),
    { path: "configuration", redirect: { name: "admin-authentication" } },
    ...(Object.keys(settingTabs) as SettingTab[]).map((tab): RouteRecordRaw => ({
      path: `configuration/${tab}`,
      name: `admin-${tab}`,
      component: () => import("./views/AdminConfiguration.vue"),
      props: { tab },
      meta: { title: "settingsForm.title", personal: true },
    })),
  ],
};

/** A replication rule has a page of its own: its jobs need the width. */
export const rulePage: RouteRecordRaw = {
  path: "/administration/replication/:rule(\\d+)",
  name: "rule",
  component: () => import("./views/RulePage.vue"),
  props: ({ params }) => ({ rule: Number(params.rule) }),
  meta: { title: "rules.title", personal: true },
};
