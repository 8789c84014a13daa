import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import type { Context } from "koa";
import { Fault } from "../contract/fault.ts";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types vue",
].join("; ");

/** The built pages: a fixed list made at start, so that no path can name another file. */
export async function createPages(folder: string) {
  const files = new Map<string, { file: string; size: number }>();
  for (const file of await filesOf(folder)) {
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    files.set(path, { file, size: (await stat(file)).size });
  }

  return function pages(ctx: Context): void {
    if (ctx.method !== "GET" && ctx.method !== "HEAD")
      throw new Fault("METHOD_NOT_ALLOWED", "pages are only read");
    // The router in the page knows the rest of its paths. Projects and tags may have dots in their names; no other page has.
    const isPage = extname(ctx.path) === "" || ctx.path.startsWith("/projects/");
    const path = !files.has(ctx.path) && isPage ? "/index.html" : ctx.path;
    const found = files.get(path);
    if (!found) throw new Fault("NOT_FOUND", "there is no such page");
    ctx.set("Content-Type", types[extname(path)] ?? "application/octet-stream");
    ctx.set("Content-Security-Policy", policy);
    // The names under assets/ change with their content.
    ctx.set(
      "Cache-Control",
      path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    );
    ctx.length = found.size;
    if (ctx.method === "GET") ctx.body = createReadStream(found.file);
    else ctx.status = 200;
  };
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => filesOf(join(folder, entry.name)));
  return [...files, ...(await Promise.all(folders)).flat()];
}
