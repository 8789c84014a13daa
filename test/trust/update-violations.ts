import {
  delegating,
  ecKey,
  rootDocument,
  rootKey,
  signed,
  snapshotDocument,
  targetsDocument,
  type Signer,
} from "./author.ts";
import {
  because,
  begun,
  bytes,
  fine,
  integrity,
  past,
  pastDate,
  version,
  type Bench,
  type Document,
  type Expected,
  type Violation,
} from "./bench.ts";
import type { Answer, Collection } from "./collection.ts";

/** Targets and delegations that nobody may believe. */
const targets: Violation[] = [
  {
    what: "targets of a type that is written small",
    upload: ({ first }) => first({ targets: (document) => ({ ...document, _type: "targets" }) }),
    expected: because("ErrBadTargets", "targets type metadata invalid: expected type Targets, not targets"),
  },
  {
    what: "targets signed by another key",
    upload: ({ first }) => first({ targetsBy: [ecKey()] }),
    expected: because("ErrBadTargets", "valid signatures did not meet threshold for targets"),
  },
  {
    what: "targets without signatures",
    upload: ({ first }) => first({ targetsBy: [] }),
    expected: because("ErrBadTargets", "tuf: data has no signatures"),
  },
  {
    what: "targets that have expired",
    upload: ({ first }) => first({ targets: (document) => ({ ...document, expires: past }) }),
    expected: because("ErrBadTargets", `targets expired at ${pastDate}`),
  },
  {
    what: "targets of version 0",
    upload: ({ first }) => first({ targets: (document) => ({ ...document, version: 0 }) }),
    expected: because("ErrBadTargets", "targets type metadata invalid: version cannot be less than one"),
  },
  ...["targets/a", "targets/a/b"].map((name) => ({
    what: `${name}, which nobody delegated`,
    upload: ({ first }: Bench) =>
      first({ further: ({ targets: key }) => ({ [name]: signed(targetsDocument(), [key]) }) }),
    expected: because("ErrBadTargets", `tuf: invalid role ${name}. delegation does not exist`),
  })),
  {
    what: "a delegation that delegates to what is not below it",
    upload: ({ first }) =>
      first({
        targets: (document) => ({ ...document, ...delegating({ name: "targets/a/b", to: [ecKey()] }) }),
      }),
    expected: because("ErrBadTargets", "targets type metadata invalid: delegation role targets/a/b invalid"),
  },
];

/** Updates of what is there. */
const updates: Violation[] = [
  {
    what: "a timestamp by the client, which is not looked at",
    upload: ({ first }) =>
      first({ further: () => ({ timestamp: bytes('{"signed":{},"signatures":null}') }) }),
    expected: fine,
  },
  {
    what: "root and targets once more",
    upload: async (bench) => (await begun(bench), bench.first()),
    expected: version,
  },
  ...[
    { numbers: [5], expected: fine, what: "targets that jump to version 5" },
    { numbers: [5, 4], expected: version, what: "targets of version 4 after 5" },
    { numbers: [2, 2], expected: version, what: "targets of version 2 after 2" },
  ].map(({ numbers, expected, what }) => ({
    what,
    expected,
    async upload(bench: Bench) {
      await begun(bench);
      let answer: Answer | undefined;
      for (const number of numbers)
        answer = await bench.publish({ targets: signed(targetsDocument(number), [bench.keys.targets]) });
      return answer as Answer;
    },
  })),
  {
    what: "no parts, for what is there",
    upload: async (bench) => (await begun(bench), bench.publish({})),
    expected: fine,
  },
  {
    what: "the same root with newer targets",
    upload: async (bench) => {
      await begun(bench);
      return bench.first({ targets: (document) => ({ ...document, version: 6 }) });
    },
    expected: version,
  },
  {
    what: "a root that skips a version",
    upload: async ({ publish, keys, ...bench }) => {
      await begun({ ...bench, publish, keys });
      return publish({ root: signed(rootDocument(keys, 3), [keys.root]) });
    },
    expected: because("ErrBadRoot", "Root modifications must increment the version. Current 1, new 3"),
  },
  ...(["new", "old", "both"] as const).map((by) => ({
    what: `a root of a new key, signed by ${by === "both" ? "both keys" : `the ${by} one alone`}`,
    async upload(bench: Bench) {
      await begun(bench);
      const next = await rootKey(bench.gun);
      const signers = { new: [next], old: [bench.keys.root], both: [next, bench.keys.root] }[by];
      return bench.publish({ root: signed(rootDocument({ ...bench.keys, root: next }, 2), signers) });
    },
    expected: {
      new: because(
        "ErrBadRoot",
        "could not rotate trust to a new trusted root: failed to validate data with current trusted certificates",
      ),
      old: because("ErrBadRoot", integrity),
      both: fine,
    }[by],
  })),
  {
    what: "two parts for one role, of which the later counts",
    upload: async ({ publish, keys, ...bench }) => {
      await begun({ ...bench, publish, keys });
      const at = (number: number): [string, Buffer] => [
        "targets",
        signed(targetsDocument(number), [keys.targets]),
      ];
      await publish([at(7), at(8)]);
      return publish([at(8)]);
    },
    expected: version,
  },
  {
    what: "a role's name with .json behind it",
    upload: async ({ publish, keys, ...bench }) => {
      await begun({ ...bench, publish, keys });
      return publish({ "targets.json": signed(targetsDocument(2), [keys.targets]) });
    },
    expected: fine,
  },
  {
    what: "metadata that is written with line breaks and fields of its own",
    upload: ({ first, ...bench }) =>
      first({ targets: (document) => ({ ...document, extra: { deep: [1, null, "é\n"] } }) }).then(
        async (answer) => {
          if (answer.status !== 200) return answer;
          const wire = signed({ ...targetsDocument(2), extra: true }, [bench.keys.targets]).toString();
          return bench.publish({ targets: bytes(JSON.stringify(JSON.parse(wire), null, 2)) });
        },
      ),
    expected: fine,
  },
  {
    what: "a snapshot by the client when the server holds the key",
    upload: async ({ publish, keys, ...bench }) => {
      await begun({ ...bench, publish, keys });
      const files = await currentFiles(bench);
      return publish({ snapshot: signed(snapshotDocument(files, 2), [ecKey()]) });
    },
    expected: because("ErrBadSnapshot", "valid signatures did not meet threshold for snapshot"),
  },
  {
    what: "a root whose targets nobody signed",
    upload: async ({ publish, keys, ...bench }) => {
      await begun({ ...bench, publish, keys });
      return publish({ root: signed(rootDocument({ ...keys, targets: ecKey() }, 2), [keys.root]) });
    },
    expected: because("ErrBadTargets", "valid signatures did not meet threshold for targets"),
    // Nobody can read the collection then.
    reference: fine,
  },
];

async function currentFiles({ get }: Pick<Collection, "get">): Promise<Record<string, Buffer>> {
  return { root: bytes((await get("root.json")).text), targets: bytes((await get("targets.json")).text) };
}

/** Snapshots that the client signs. */
const snapshots: Violation[] = [
  snapshotCase("a snapshot as it should be", fine, ({ files }) => snapshotDocument(files)),
  snapshotCase(
    "a snapshot of other targets",
    because("ErrBadSnapshot", /^sha(256|512) checksum for targets did not match: expected [0-9a-f]+$/),
    ({ files }) => snapshotDocument({ ...files, targets: bytes("other") }),
  ),
  snapshotCase(
    "a snapshot that leaves the root out",
    because("ErrBadSnapshot", "snapshot type metadata invalid: missing root sha256 checksum information"),
    ({ files: { targets: kept } }) => snapshotDocument({ targets: kept as Buffer }),
  ),
  snapshotCase(
    "a snapshot signed by another key",
    because("ErrBadSnapshot", "valid signatures did not meet threshold for snapshot"),
    ({ files }) => snapshotDocument(files),
    ecKey(),
  ),
  snapshotCase(
    "a snapshot that has expired",
    because("ErrBadSnapshot", `snapshot expired at ${pastDate}`),
    ({ files }) => snapshotDocument(files, 1, { expires: past }),
  ),
  snapshotCase(
    "a snapshot that names a role which is not there",
    because("ErrBadSnapshot", /^sha256 checksum for targets\/a did not match/),
    ({ files }) => snapshotDocument({ ...files, "targets/a": bytes("{}") }),
    undefined,
    fine,
  ),
  {
    what: "a snapshot alone that names other targets than there are",
    async upload(bench) {
      const snapshot = ecKey();
      const { files } = await withOwnSnapshot(bench, snapshot, ({ files: kept }) => snapshotDocument(kept));
      const wrong = snapshotDocument({ ...files, targets: bytes("other") }, 2);
      return bench.publish({ snapshot: signed(wrong, [snapshot]) });
    },
    expected: because("ErrBadSnapshot", /^sha256 checksum for targets did not match/),
    // It then serves no targets at all.
    reference: fine,
  },
  {
    what: "the same snapshot once more",
    async upload(bench) {
      const snapshot = ecKey();
      const { files } = await withOwnSnapshot(bench, snapshot, ({ files: kept }) => snapshotDocument(kept));
      return bench.publish({ snapshot: signed(snapshotDocument(files, 1), [snapshot]) });
    },
    expected: version,
  },
];

type Making = (about: { files: Record<string, Buffer> }) => Document;

async function withOwnSnapshot(bench: Bench, snapshot: Signer, make: Making, by = snapshot) {
  const keys = { ...bench.keys, snapshot };
  const files: Record<string, Buffer> = {
    root: signed(rootDocument(keys), [keys.root]),
    targets: signed(targetsDocument(), [keys.targets]),
  };
  const answer = await bench.publish({ ...files, snapshot: signed(make({ files }), [by]) });
  return { files, answer };
}

function snapshotCase(
  what: string,
  expected: Expected,
  make: Making,
  by?: Signer,
  reference?: Expected,
): Violation {
  const upload = async (bench: Bench): Promise<Answer> =>
    (await withOwnSnapshot(bench, ecKey(), make, by)).answer;
  return { what, expected, upload, ...(reference ? { reference } : {}) };
}

export const updateViolations: readonly Violation[] = [...targets, ...updates, ...snapshots];
