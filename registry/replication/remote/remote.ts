import { Fault } from "../../contract/fault.ts";
import type { Reachable, RegistryType } from "../../contract/registries.ts";
import { isName } from "../../oci/reference.ts";
import { version } from "../../version.ts";
import type { Peer } from "../side.ts";
import { createAuthentication } from "./authentication.ts";
import { createBlobs } from "./blobs.ts";
import { createCheck } from "./check.ts";
import { createConnection, type Timeouts } from "./connection.ts";
import { createDistribution } from "./distribution.ts";
import { toEndpoint } from "./endpoint.ts";
import { createExchange } from "./exchange.ts";
import { createHarbor } from "./harbor.ts";
import { createManifests } from "./manifests.ts";
import { kinds } from "./presets.ts";
import { createReferrers } from "./referrers.ts";
import { createUploads } from "./uploads.ts";

/** Another registry: where it is, what it is, and how to be let in. */
export interface RemoteOptions {
  /** `scheme://host[:port][/path]`. */
  url: string;
  type: RegistryType;
  /** Empty asks as nobody. */
  access_key: string;
  access_secret: string;
  /** Its certificate is not checked. */
  insecure: boolean;
  /** PEM; trusted beside the machine's own authorities. */
  ca_certificate: string;
  /** Milliseconds. For tests: what is left out is as it should be for real networks. */
  timeouts?: Partial<Timeouts>;
}

export type Remote = Peer & {
  /** Finds out what is wrong with it, in words. Throws only what the signal says. */
  check(signal: AbortSignal): Promise<Reachable>;
  /** Ends its connections, and with them what uses them. */
  close(): Promise<void>;
};

const usual: Timeouts = { connect: 10_000, headers: 30_000, body: 30_000 };

/** A registry by the distribution spec, and by Harbor's API where it has that. Makes no connection yet. Throws `BAD_REQUEST`. */
export function createRemote({ url, type, timeouts, ...options }: RemoteOptions): Remote {
  const { access_key, access_secret, insecure, ca_certificate } = options;
  const endpoint = toEndpoint(url);
  const { harbor: speaksHarbor, catalog, parts } = kinds[type];
  const waits = { ...usual, ...timeouts };
  const agent = `berth/${version}`;
  const connection = createConnection({ insecure, ca_certificate, timeouts: waits, agent });
  const within = 2 * waits.headers;
  const authentication = createAuthentication({ endpoint, connection, access_key, access_secret, within });
  const exchange = createExchange({ endpoint, connection, authentication, within });
  const manifests = createManifests(exchange);
  const referrers = createReferrers(exchange, manifests);
  const distribution = createDistribution(exchange, manifests, catalog);
  const harbor = speaksHarbor ? createHarbor(exchange) : undefined;
  const blobs = createBlobs(exchange, waits.body);
  const { putBlob } = createUploads({
    exchange,
    hasBlob: blobs.hasBlob,
    patience: 20 * waits.headers,
    holder: harbor?.holder ?? (() => Promise.resolve(undefined)),
  });

  return {
    name: endpoint.name,
    near: false,
    manifest: manifests.manifest,
    digestOf: manifests.digestOf,
    tags: manifests.tags,
    referrers: referrers.referrers,
    ...blobs,
    putBlob,
    ...distribution,
    ...harbor,
    check: createCheck({ exchange, connection, harbor: speaksHarbor, access_key }),
    close: () => connection.close(),

    async putManifest(repository, reference, manifest, signal) {
      const told = await manifests.put(repository, reference, manifest, signal);
      const subject = told ? undefined : subjectOf(manifest.bytes);
      if (subject !== undefined) await referrers.note(repository, subject, manifest, signal);
    },

    assertName(repository) {
      const count = repository.split("/").length;
      if (count >= parts.least && count <= parts.most && (isName(repository) || isName(`one/${repository}`)))
        return;
      const wanted = parts.most === parts.least ? `exactly ${parts.least}` : `at least ${parts.least}`;
      throw new Fault(
        "BAD_REQUEST",
        `${endpoint.name} cannot have a repository ${repository}: its names have ${wanted} parts in lower case with a slash between them`,
      );
    },
  };
}

function subjectOf(bytes: Buffer): string | undefined {
  const { subject } = JSON.parse(bytes.toString("utf8")) as { subject?: { digest?: unknown } | null };
  return typeof subject?.digest === "string" ? subject.digest : undefined;
}
