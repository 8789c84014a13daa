import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { protocol, type Session } from "electron";

/** The page's address. A scheme of its own gives it an origin that nothing on the network can have. */
export const pageUrl = "app://ui/";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const headers = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "frame-src 'none'",
    "worker-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** Must run before Electron is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true } },
  ]);
}

export function isOurs(url: string): boolean {
  try {
    const { protocol: scheme, host } = new URL(url);
    return scheme === "app:" && host === "ui";
  } catch {
    return false;
  }
}

/**
 * Serves the built page, and nothing but the files that were in `folder` at start: a path is looked up in a
 * list and never becomes one on disk.
 */
export function serveScheme(session: Session, folder: string): void {
  const files = new Map(filesUnder(folder, ""));

  session.protocol.handle("app", async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD")
      return new Response(null, { status: 405, headers });
    const path = isOurs(request.url) ? fileFor(new URL(request.url).pathname, files) : undefined;
    if (path === undefined) return new Response(null, { status: 404, headers });
    const type = types[extname(path)] ?? "application/octet-stream";
    const body = request.method === "GET" ? await readFile(path) : null;
    return new Response(body, { headers: { ...headers, "content-type": type } });
  });
}

/** Each file's address and its place. Symbolic links are left out: they may lead away. */
function filesUnder(folder: string, address: string): [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const at: [string, string] = [`${address}/${entry.name}`, join(folder, entry.name)];
    if (entry.isDirectory()) return filesUnder(at[1], at[0]);
    return entry.isFile() ? [at] : [];
  });
}

/** The page routes by path, so what names no file is the page itself; what looks like a file and is none is not there. */
function fileFor(pathname: string, files: Map<string, string>): string | undefined {
  const path = pathname === "/" ? "/index.html" : pathname;
  return files.get(path) ?? (isRoute(path) ? files.get("/index.html") : undefined);
}

function isRoute(path: string): boolean {
  if (/%(00|2e|5c)/i.test(path) || /\\|\/\/|\0/.test(path)) return false;
  // Projects and tags may have dots in their names; no other page has.
  return path.startsWith("/projects/") || (path.startsWith("/") && !/\.[a-z0-9]+$/i.test(path));
}
