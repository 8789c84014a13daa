import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from "vue-router";
import ProjectList from "./views/ProjectList.vue";
import { administration, rulePage } from "./routes-admin.ts";
import { useDesktop } from "./stores/desktop.ts";
import { useRecovery } from "./stores/recovery.ts";
import { useSession } from "./stores/session.ts";

declare module "vue-router" {
  interface RouteMeta {
    /** Key of the page's name; what it shows is put before it. */
    title: string;
    /** Not for who is not signed in. */
    personal?: boolean;
    /** Not in a browser. */
    window?: boolean;
  }
}

const inProject = "/projects/:project";
// A part of a repository's name cannot be a lone dash, so `/-/` ends the name. Distribution spec, <name>.
const inRepository = `${inProject}/repositories/:repository([a-z0-9][a-z0-9._-]*)+`;

const routes: RouteRecordRaw[] = [
  { path: "/", redirect: { name: "projects" } },
  { path: "/projects", name: "projects", component: ProjectList, meta: { title: "projects.title" } },
  {
    path: inProject,
    component: () => import("./views/ProjectPage.vue"),
    props: true,
    children: [
      {
        path: "",
        name: "project",
        component: () => import("./views/ProjectRepositories.vue"),
        props: true,
        meta: { title: "repositories.title" },
      },
      {
        path: "members",
        name: "project-members",
        component: () => import("./views/ProjectMembers.vue"),
        props: true,
        meta: { title: "members.title" },
      },
      {
        path: "robots",
        name: "project-robots",
        component: () => import("./views/ProjectRobots.vue"),
        props: true,
        meta: { title: "robots.title" },
      },
      {
        path: "replication",
        name: "project-replication",
        component: () => import("./views/ProjectReplication.vue"),
        props: true,
        meta: { title: "rules.title" },
      },
      {
        path: "logs",
        name: "project-logs",
        component: () => import("./views/ProjectLogs.vue"),
        props: true,
        meta: { title: "log.title" },
      },
      {
        path: "settings",
        name: "project-settings",
        component: () => import("./views/ProjectSettings.vue"),
        props: true,
        meta: { title: "projectSettings.title" },
      },
    ],
  },
  {
    path: inRepository,
    name: "repository",
    component: () => import("./views/RepositoryPage.vue"),
    props: ({ params }) => ({ project: params.project, repository: joined(params.repository) }),
    meta: { title: "repository.title" },
  },
  {
    path: `${inRepository}/-/:reference`,
    name: "artifact",
    component: () => import("./views/ArtifactPage.vue"),
    props: ({ params }) => ({ ...params, repository: joined(params.repository) }),
    meta: { title: "artifact.title" },
  },
  {
    path: "/sign-in",
    name: "sign-in",
    component: () => import("./views/SignIn.vue"),
    meta: { title: "signIn.title" },
  },
  {
    path: "/sign-up",
    name: "sign-up",
    component: () => import("./views/SignUp.vue"),
    meta: { title: "signUp.title" },
  },
  {
    path: "/forgot-password",
    name: "forgot",
    component: () => import("./views/ForgotPassword.vue"),
    meta: { title: "forgot.title" },
  },
  {
    path: "/reset-password",
    name: "reset-password",
    component: () => import("./views/ResetPassword.vue"),
    meta: { title: "reset.title" },
    beforeEnter: ({ hash }) => {
      if (hash === "") return true;
      useRecovery().take(hash);
      return { name: "reset-password", replace: true };
    },
  },
  administration,
  rulePage,
  {
    path: "/welcome",
    name: "welcome",
    component: () => import("./views/FirstStart.vue"),
    meta: { title: "firstStart.title", window: true },
  },
  {
    path: "/settings",
    name: "settings",
    component: () => import("./views/DesktopSettings.vue"),
    meta: { title: "settings.title", window: true },
  },
  {
    path: "/clients",
    name: "clients",
    component: () => import("./views/ConnectClients.vue"),
    meta: { title: "clients.title", personal: true },
  },
  {
    path: "/api-reference",
    name: "api",
    component: () => import("./views/ApiReference.vue"),
    meta: { title: "api.title" },
  },
  {
    path: "/account",
    name: "account",
    component: () => import("./views/AccountPage.vue"),
    meta: { title: "account.title", personal: true },
  },
  {
    path: "/:missing(.*)*",
    name: "missing",
    component: () => import("./views/NotFound.vue"),
    meta: { title: "notFound.title" },
  },
];

/** The pages and their addresses. The first start comes before everything else. */
export function createPages(): Router {
  const router = createRouter({
    history: createWebHistory("/"),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
  });
  router.beforeEach((to) => {
    const desktop = useDesktop();
    if (desktop.firstStart && to.name !== "welcome") return { name: "welcome" };
    if (to.meta.window && !desktop.available)
      return { name: "missing", params: { missing: to.path.slice(1).split("/") } };
    if (to.meta.personal && !useSession().signedIn) return { name: "sign-in", query: { next: to.fullPath } };
    return true;
  });
  return router;
}

function joined(parts: string | string[] | undefined): string {
  return Array.isArray(parts) ? parts.join("/") : (parts ?? "");
}
