/** Where secrets are kept: the keychain on a desktop, a sealed file without one. */
export interface SecretStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** In words, for the person: `the keychain of this computer`. */
  readonly kind: string;
}

export interface RegistryConfig {
  dataDir: string;
  /** Port 0 takes a free one. */
  listen: { host: string; port: number };
  /** Where to answer over TLS beside plain HTTP; absent does not. */
  tls?: TlsConfig;
  /** Further names that a request's Host may say, besides this machine's loopback names and the listening address. */
  hosts?: readonly string[];
  secrets: SecretStore;
  /**
   * The administrator's first password on an empty folder: that one; `generate` makes one and keeps it in
   * `initial-admin-password` until first changed; `ask` leaves the administrator without one until `system.begin`.
   */
  adminPassword: { is: string } | "generate" | "ask";
  /** The built pages to serve to browsers; absent serves none. */
  pages?: string;
  version: string;
  /** Parse every answer with its schema too: for tests, so that a wrong one cannot hide behind a type. */
  checkAnswers?: boolean;
  now?: () => Date;
  log?: (line: LogLine) => void;
}

export interface TlsConfig {
  /** Port 0 takes a free one. */
  listen: { host: string; port: number };
  /** Files of the person's own certificate and key, PEM; absent makes a certificate of Berth's own authority. */
  pair?: { cert: string; key: string };
  /** A port that is taken does not end the start: the registry answers without TLS, and says why. */
  optional?: boolean;
  /** Milliseconds between two looks at whether a certificate is to be renewed; 15,000 unless told. */
  checkEvery?: number;
}

export interface LogLine {
  level: "info" | "warn" | "error";
  message: string;
  [field: string]: unknown;
}
