import { rootDocument, signed, targetsDocument, type Signer } from "./author.ts";
import { collectionOf, freshKeys, type Answer, type Collection, type Service } from "./collection.ts";

/** What an upload is answered: the code and, of a broken rule, its name and sentence as clients show them. */
export interface Expected {
  status: number;
  code?: string;
  name?: string;
  says?: string | RegExp;
}

export interface Violation {
  what: string;
  upload(bench: Bench): Promise<Answer>;
  expected: Expected;
  /** What the reference answers where it is known to be wrong; absent where it answers the same. */
  reference?: Expected;
}

export type Keys = Awaited<ReturnType<typeof freshKeys>>;
export type Document = ReturnType<typeof rootDocument>;

/** A collection that nobody has published yet, and keys to do it. */
export interface Bench extends Collection {
  keys: Keys;
  /** A first root and targets, each changed and signed as told. */
  first(change?: Change): Promise<Answer>;
  /** What was served before the last upload. */
  before(): string;
}

interface Change {
  root?: (root: Document, keys: Keys) => Document;
  rootBy?: readonly Signer[];
  targets?: (targets: Document, keys: Keys) => Document;
  targetsBy?: readonly Signer[];
  keys?: Partial<Keys>;
  further?: (keys: Keys) => Record<string, Buffer>;
}

let made = 0;

export async function openBench(service: Service): Promise<Bench> {
  made += 1;
  const collection = collectionOf(service, `library/violation-${made}`);
  const keys = await freshKeys(collection);
  let before = (await collection.get("timestamp.json")).text;
  const publish: Collection["publish"] = async (files, as) => {
    before = (await collection.get("timestamp.json")).text;
    return collection.publish(files, as);
  };
  return {
    ...collection,
    keys,
    publish,
    before: () => before,
    first({ root, rootBy, targets, targetsBy, keys: others, further } = {}) {
      const held = { ...keys, ...others };
      const same = (document: Document): Document => document;
      return publish({
        root: signed((root ?? same)(rootDocument(held), held), rootBy ?? [held.root]),
        targets: signed((targets ?? same)(targetsDocument(), held), targetsBy ?? [held.targets]),
        ...further?.(held),
      });
    },
  };
}

export const fine: Expected = { status: 200 };
export const because = (name: string, says: string | RegExp): Expected => ({
  status: 400,
  code: "INVALID_UPDATE",
  name,
  says,
});
export const code = (name: string): Expected => ({ status: 400, code: name });
export const version = code("VERSION");
export const integrity =
  "could not validate the path to a trusted root: failed to validate integrity of roots";
export const past = "2020-01-02T03:04:05Z";
export const pastDate = "Thu Jan 2 03:04:05 UTC 2020";

export const bytes = (text: string): Buffer => Buffer.from(text);
export const within = (document: Document, path: string): Document => document[path] as Document;

export async function begun(bench: Bench): Promise<void> {
  const answer = await bench.first();
  if (answer.status !== 200) throw new Error(answer.text);
}
