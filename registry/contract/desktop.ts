import { z } from "zod";
import { ArchivePlace, Imported } from "./archives.ts";
import { Clients } from "./clients.ts";
import { operation } from "./operation.ts";
import { nothing, one } from "./reply.ts";

/** What the person at this machine has chosen; kept beside the application, not in the data folder. */
export const DesktopSettings = z.object({
  data_dir: z.string(),
  port: z.number().int().min(1).max(65_535),
  /** Where it answers over TLS too, if it does. */
  tls_port: z.number().int().min(1).max(65_535),
  tls: z.boolean(),
  /** `local` is this machine only; `network` is every address of it; `encrypted` is every address, but others over TLS alone. */
  listen: z.enum(["local", "encrypted", "network"]),
  start_at_login: z.boolean(),
  close_to_tray: z.boolean(),
});
export type DesktopSettings = z.output<typeof DesktopSettings>;

export const DesktopState = z.object({
  /** `host:port`, as docker names it. */
  address: z.string(),
  running: z.boolean(),
  /** The administrator has no password yet. */
  first_start: z.boolean(),
  /** Why the registry is not running, in words. */
  trouble: z.string().optional(),
  /** Offered when the wished port is taken. */
  free_port: z.number().optional(),
  /** `host:port` over TLS, while it answers there. */
  tls_address: z.string().optional(),
  /** Why it does not answer over TLS although it should, in words. */
  tls_trouble: z.string().optional(),
  /** Offered when the wished port for TLS is taken. */
  tls_free_port: z.number().optional(),
  /** Where secrets are kept, in words. */
  secret_store: z.string(),
  version: z.string(),
  settings: DesktopSettings,
});
export type DesktopState = z.output<typeof DesktopState>;

/** What only the application on this machine can do. None has a REST path. */
export const desktop = {
  state: operation({
    access: "anyone",
    says: "Tells how the application runs here.",
    input: z.object({}),
    returns: one(DesktopState),
  }),
  configure: operation({
    access: "anyone",
    says: "Changes settings; a changed port or folder restarts the registry.",
    input: DesktopSettings.omit({ data_dir: true }).partial(),
    returns: one(DesktopState),
  }),
  chooseFolder: operation({
    access: "anyone",
    says: "Lets the person choose another data folder, and restarts the registry in it.",
    input: z.object({}),
    returns: one(DesktopState),
  }),
  reveal: operation({
    access: "anyone",
    says: "Shows the data folder in the file manager.",
    input: z.object({}),
    returns: nothing,
  }),
  save: operation({
    access: "anyone",
    says: "Lets the person choose where to keep a text as a file, and says whether one was chosen.",
    input: z.object({
      name: z.string().min(1).max(255),
      text: z.string().max(256 * 2 ** 20),
    }),
    returns: one(z.object({ saved: z.boolean() })),
  }),
  clients: operation({
    access: "anyone",
    says: "Tells which clients on this machine trust Berth's certificate, and what was written for that.",
    input: z.object({}),
    returns: one(Clients),
  }),
  setUpClients: operation({
    access: "anyone",
    says: "Makes the clients on this machine trust Berth's certificate, where the person's own files suffice.",
    input: z.object({}),
    returns: one(Clients),
  }),
  undoClients: operation({
    access: "anyone",
    says: "Takes back what was written for that, but leaves what was changed since.",
    input: z.object({}),
    returns: one(Clients),
  }),
  exportArchive: operation({
    access: "anyone",
    says: "Lets the person choose where a project, or a repository of it, goes as an archive, and writes it there.",
    input: ArchivePlace,
    returns: one(z.object({ saved: z.boolean() })),
  }),
  importArchive: operation({
    access: "anyone",
    says: "Takes in an archive: the file that was dropped on the window, the one before once more, or one that the person chooses.",
    input: ArchivePlace.extend({ again: z.boolean().default(false) }),
    /** Nothing when no file was chosen, or when it was cancelled. */
    returns: one(z.object({ imported: Imported.optional() })),
  }),
  cancelArchive: operation({
    access: "anyone",
    says: "Ends the export or the import that is under way; nothing of it stays.",
    input: z.object({}),
    returns: nothing,
  }),
  openWeb: operation({
    access: "anyone",
    says: "Opens the same pages in the browser.",
    input: z.object({}),
    returns: nothing,
  }),
};
