/** The borders that types cannot say. What each process may touch is in its tsconfig. */
const feature = "^registry/(access|archives|oci|projects|proxy|replication|jobs|tls|trust|upkeep|notify)/";

module.exports = {
  forbidden: [
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "electron-only-in-main",
      severity: "error",
      from: { pathNot: "^main/" },
      to: { path: "^(node_modules/)?electron(/|$)" },
    },
    {
      name: "contract-is-pure",
      comment: "The contract runs anywhere: no Node, no DOM, no Koa.",
      severity: "error",
      from: { path: "^registry/contract/" },
      to: { pathNot: ["^registry/contract/", "^node_modules/(zod|path-to-regexp)/"] },
    },
    {
      name: "renderer-knows-only-the-contract",
      severity: "error",
      from: { path: "^renderer/" },
      to: { path: "^(main|registry)/", pathNot: "^registry/contract/" },
    },
    {
      name: "http-is-outermost",
      severity: "error",
      from: { pathNot: "^registry/(http/|registry\\.ts$|serve\\.ts$)" },
      to: { path: "^registry/http/" },
    },
    {
      name: "koa-only-in-http",
      severity: "error",
      from: { path: "^registry/", pathNot: "^registry/(http/|registry\\.ts$)" },
      to: { path: "^node_modules/(@types/)?(koa|@koa)" },
    },
    {
      name: "store-knows-no-feature",
      severity: "error",
      from: { path: "^registry/store/" },
      to: { path: `${feature}|^registry/http/` },
    },
    {
      name: "features-meet-as-types",
      comment:
        "A feature reaches another by what registry.ts hands it. What all speak of is no feature's own.",
      severity: "error",
      from: { path: feature },
      to: {
        path: feature,
        pathNot: [
          "^registry/$1/",
          "^registry/access/(caller|users)\\.ts$",
          "^registry/oci/(reference|media|descriptor)\\.ts$",
          "^registry/jobs/job\\.ts$",
        ],
        dependencyTypesNot: ["type-only"],
      },
    },
    { name: "not-to-tests", severity: "error", from: { pathNot: "^test/" }, to: { path: "^test/" } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, pathNot: "\\.(d\\.ts|mjs|cjs)$|^main/preload\\.ts$|\\.json$" },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "tsconfig\\.json$" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { extensions: [".ts", ".mjs", ".js", ".vue", ".json"] },
  },
};
