import { ecKey, keyIdOf, rootDocument, rootKey, signed, targetsDocument } from "./author.ts";
import {
  because,
  bytes,
  code,
  integrity,
  past,
  pastDate,
  within,
  type Bench,
  type Document,
  type Violation,
} from "./bench.ts";
import type { Answer } from "./collection.ts";

const leaves = "could not validate the path to a trusted root: unable to retrieve valid leaf certificates";

/** A first publish with a root key that has this certificate. */
const withRoot =
  (name: (gun: string) => string, about: Parameters<typeof rootKey>[1] = {}) =>
  async (bench: Bench): Promise<Answer> =>
    bench.first({ keys: { root: await rootKey(name(bench.gun), about) } });

const own = (gun: string): string => gun;
const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);

/** Uploads that are no uploads. */
const malformed: Violation[] = [
  {
    what: "targets without any root",
    upload: ({ publish, keys }) => publish({ targets: signed(targetsDocument(), [keys.targets]) }),
    expected: because("ErrValidation", "no pre-existing root and no root provided in update."),
  },
  {
    what: "no parts at all, for what is not there yet",
    upload: ({ publish }) => publish({}),
    expected: because("ErrValidation", "no pre-existing root and no root provided in update."),
  },
  {
    what: "something that is no form",
    upload: ({ ask }) =>
      ask("tuf/", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
    expected: code("MALFORMED_UPLOAD"),
  },
  ...["foo", "targets/Foo", "targets/../x", "1.root", "targets/", "targets//a", "snapshot/a"].map((name) => ({
    what: `a part named ${name}`,
    upload: ({ publish, keys }: Bench) => publish({ [name]: signed(targetsDocument(), [keys.targets]) }),
    expected: code("INVALID_ROLE"),
  })),
  ...["", ".json"].map((name) => ({
    what: `a part named "${name}"`,
    upload: ({ publish, keys }: Bench) => publish({ [name]: signed(targetsDocument(), [keys.targets]) }),
    expected: code("NO_FILENAME"),
  })),
  ...["{", "[]"].map((text) => ({
    what: `a part that is ${text}`,
    upload: ({ publish }: Bench) => publish({ root: bytes(text) }),
    expected: code("MALFORMED_JSON"),
  })),
];

/** Roots that nobody may believe. */
const roots: Violation[] = [
  {
    what: "a root alone, when the server signs the snapshot",
    upload: ({ publish, keys }) => publish({ root: signed(rootDocument(keys), [keys.root]) }),
    expected: because("ErrValidation", "targets must be loaded first"),
  },
  {
    what: "a root signed by another key",
    upload: async (bench) => {
      const other = await rootKey(bench.gun);
      return bench.first({ rootBy: [{ ...other, id: bench.keys.root.id }] });
    },
    expected: because("ErrBadRoot", integrity),
  },
  {
    what: "a root without signatures",
    upload: ({ first }) => first({ rootBy: [] }),
    expected: because("ErrBadRoot", integrity),
  },
  ...[0, 3].map((number) => ({
    what: `a first root of version ${number}`,
    upload: ({ first }: Bench) => first({ root: (root) => ({ ...root, version: number }) }),
    expected: because(
      "ErrBadRoot",
      `Root modifications must increment the version. Current 1, new ${number}`,
    ),
  })),
  {
    what: "a root that has expired",
    upload: ({ first }) => first({ root: (root) => ({ ...root, expires: past }) }),
    expected: because("ErrBadRoot", `root expired at ${pastDate}`),
  },
  {
    what: "a root that asks for two signatures and has one key",
    upload: ({ first }) => first({ root: withThreshold("root", 2) }),
    expected: because("ErrBadRoot", integrity),
  },
  {
    what: "a root that asks for no signature",
    upload: ({ first }) => first({ root: withThreshold("root", 0) }),
    expected: because("ErrBadRoot", "root type metadata invalid: invalid threshold specified for root: 0 "),
  },
  {
    what: "a root key of another name",
    upload: withRoot(() => "other/app"),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a root key whose certificate has expired",
    upload: withRoot(own, { from: hours(-48), to: hours(-1) }),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a root key whose certificate begins in three days",
    upload: withRoot(own, { from: hours(72) }),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a root key whose certificate is signed over SHA-1",
    upload: withRoot(own, { hash: "SHA-1" }),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a root key whose certificate is an authority's",
    upload: withRoot(own, { ca: true }),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a root key without a certificate",
    upload: ({ first }) => first({ keys: { root: ecKey() } }),
    expected: because("ErrBadRoot", leaves),
  },
  {
    what: "a timestamp key that is not the server's",
    upload: ({ first }) => first({ keys: { timestamp: ecKey() } }),
    expected: because("ErrBadRoot", /^no +timestamp keys exist on the server$/),
  },
  {
    what: "a snapshot key that is not the server's, and no snapshot",
    upload: ({ first }) => first({ keys: { snapshot: ecKey() } }),
    expected: because(
      "ErrBadHierarchy",
      "no snapshot was included in update and server does not hold current snapshot key for repository",
    ),
  },
  {
    what: "a root without the role snapshot",
    upload: ({ first }) =>
      first({
        root: (root) => {
          const { snapshot: _, ...roles } = within(root, "roles");
          return { ...root, roles };
        },
      }),
    expected: because("ErrBadRoot", "root type metadata invalid: missing snapshot role specification"),
  },
  {
    what: "a root that names a key which it has not",
    upload: ({ first }) =>
      first({
        root: (root) => ({
          ...root,
          roles: { ...within(root, "roles"), targets: { keyids: ["ab".repeat(32)], threshold: 1 } },
        }),
      }),
    expected: because(
      "ErrBadRoot",
      `root type metadata invalid: key ID ${"ab".repeat(32)} specified in targets without corresponding key`,
    ),
  },
  {
    what: "a key under the id of another",
    upload: ({ first, keys }) => {
      const wrong = { ...keys.targets, id: keyIdOf(ecKey().wire) };
      return first({
        root: (root) => ({
          ...root,
          keys: { ...within(root, "keys"), [wrong.id]: wrong.wire },
          roles: { ...within(root, "roles"), targets: { keyids: [wrong.id], threshold: 1 } },
        }),
        targetsBy: [wrong],
      });
    },
    expected: because("ErrBadTargets", "key ID is not valid for key content"),
  },
];

function withThreshold(name: string, threshold: number) {
  return (root: Document): Document => {
    const roles = within(root, "roles");
    return { ...root, roles: { ...roles, [name]: { ...within(roles, name), threshold } } };
  };
}

export const firstViolations: readonly Violation[] = [...malformed, ...roots];
