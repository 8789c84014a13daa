import { z } from "zod";

/** What is set up so that it trusts Berth's certificate. */
export const ClientId = z.enum(["docker", "docker-engine", "podman", "containerd", "nerdctl", "system"]);
export type ClientId = z.output<typeof ClientId>;

const ClientFile = z.object({
  path: z.string(),
  /** What belongs in it. */
  content: z.string(),
  /** `old` is one that Berth wrote, for an earlier certificate or address; `foreign` is somebody else's. */
  state: z.enum(["missing", "same", "old", "foreign"]),
});

export const Client = z.object({
  id: ClientId,
  /**
   * `absent`: not on this machine. `ready`: it trusts Berth. `open`: Berth can set it up. `yours`: only the person can, by
   * the commands. `blocked`: a file of somebody else is in the way.
   */
  state: z.enum(["absent", "ready", "open", "yours", "blocked"]),
  files: z.array(ClientFile),
  /** For the person to run in a terminal. */
  commands: z.array(z.string()),
  /** What takes those back. */
  undo_commands: z.array(z.string()),
  /** Why setting it up did not go well, in words. */
  trouble: z.string().optional(),
});
export type Client = z.output<typeof Client>;

export const Clients = z.object({
  /** Every `host:port` by which they are set up to know Berth. */
  addresses: z.array(z.string()),
  /** SHA-256 of the certificate that they are to trust; absent when there is none to give them. */
  fingerprint: z.string().optional(),
  clients: z.array(Client),
  /** What Berth wrote on this machine and has not taken back. */
  written: z.array(z.object({ client: ClientId, path: z.string(), content: z.string() })),
  /** What was left where it is, because it was changed after Berth wrote it. */
  left: z.array(z.string()),
});
export type Clients = z.output<typeof Clients>;
