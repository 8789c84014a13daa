/** How a registry wants to be told who asks. */
export interface Challenge {
  scheme: "basic" | "bearer";
  /** `realm`, `service`, `scope`, `error`, as they were sent. */
  parameters: Readonly<Record<string, string>>;
}

/** Characters; a longer header is no challenge. */
const longest = 8192;
const scheme = /^[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=[\s,]|$)(?!\s*=)/;
const parameter = /^[\s,]*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/;

/** The challenge of a `WWW-Authenticate` to answer, tokens before passwords. RFC 9110 11.6.1. */
export function challengeOf(header: string | undefined): Challenge | undefined {
  let rest = header ?? "";
  if (rest.length > longest) return undefined;
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  for (;;) {
    const named = parameter.exec(rest);
    const begun = named ? undefined : scheme.exec(rest);
    if (begun?.[1] !== undefined) found.push({ scheme: begun[1].toLowerCase(), parameters: {} });
    const [, key, quoted, plain = ""] = named ?? [];
    const last = found.at(-1);
    if (key !== undefined && last)
      last.parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? plain;
    const length = (named ?? begun)?.[0].length ?? 0;
    if (length === 0) break;
    rest = rest.slice(length);
  }
  for (const wanted of ["bearer", "basic"] as const) {
    const challenge = found.find((one) => one.scheme === wanted);
    if (challenge) return { scheme: wanted, parameters: challenge.parameters };
  }
  return undefined;
}
