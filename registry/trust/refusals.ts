import { Fault } from "../contract/fault.ts";

/** What an update is refused for; a client that knows the name shows the sentence. */
export type Refused = "ErrValidation" | "ErrBadHierarchy" | "ErrBadRoot" | "ErrBadTargets" | "ErrBadSnapshot";

/** Clients read 1 KiB of an answer, and show nothing of one that is longer. */
const longest = 500;

/** An update that breaks a rule. The sentences are the reference's where it has one. */
export function refusal(name: Refused, sentence: string, more: { Missing?: string } = {}): Fault {
  const Msg = cut(sentence, longest);
  return new Fault("INVALID_UPDATE", "Update sent by the client is invalid.", {
    Name: name,
    Error: { ...more, Msg },
  });
}

export const notFound = (): Fault =>
  new Fault("METADATA_NOT_FOUND", "You have requested metadata that does not exist.", {});

export const malformed = (): Fault =>
  new Fault("MALFORMED_JSON", "JSON sent by the client could not be parsed by the server");

export const oldVersion = (): Fault =>
  new Fault("VERSION", "A newer version of metadata is already available.", {});

export const invalidRole = (name: string): Fault =>
  new Fault(
    "INVALID_ROLE",
    "The role you are attempting to operate on is invalid.",
    cut(name.replace(/[^ -~]/g, "?"), 300),
  );

export const invalidParameters = (why: string): Fault =>
  new Fault("INVALID_PARAMETERS", "The parameters provided are not valid.", cut(why, 300));

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}
