import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "electron-vite";

const at = (path: string): string => resolve(import.meta.dirname, path);

const { version } = JSON.parse(readFileSync(at("package.json"), "utf8")) as { version: string };

/**
 * Main process and `serve` are bundled whole, to CommonJS for Node 18.15: Electron 25 runs no other, and a
 * package needs no `node_modules`. Only what is native stays outside.
 */
const node = {
  externalizeDeps: false,
  target: "node18.15",
  sourcemap: false,
} as const;

const output = {
  format: "cjs",
  entryFileNames: "[name].cjs",
  chunkFileNames: "chunks/[name]-[hash].cjs",
  // A chunk of its own is loaded where it is imported: first.
  codeSplitting: { groups: [{ name: "compat", test: /main\/compat\.ts$/ }] },
} as const;

export default defineConfig({
  main: {
    define: { "process.env.BERTH_VERSION": JSON.stringify(version) },
    build: {
      ...node,
      outDir: at("out/main"),
      rolldownOptions: {
        input: { main: at("main/main.ts"), serve: at("registry/serve.ts") },
        external: ["electron", "keytar"],
        // Or one of the two would load the other for what they share.
        preserveEntrySignatures: "strict",
        output,
      },
    },
  },
  preload: {
    build: {
      ...node,
      outDir: at("out/preload"),
      rolldownOptions: { input: { preload: at("main/preload.ts") }, external: ["electron"], output },
    },
  },
  renderer: {
    root: at("renderer"),
    plugins: [vue(), { name: "pages-from-the-root", enforce: "post", config: () => ({ base: "/" }) }],
    build: {
      target: "chrome114",
      outDir: at("out/renderer"),
      emptyOutDir: true,
      minify: true,
      sourcemap: false,
      rolldownOptions: { input: at("renderer/index.html") },
    },
  },
});
