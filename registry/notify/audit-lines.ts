import { AuditEntry } from "../contract/audit.ts";

/** Something that was done, or tried. When it was is told by the clock at its recording. */
export interface Deed {
  username: string;
  operation: string;
  resource_type: string;
  resource: string;
  /** What the rest does not say. Never a secret, nor an answer. */
  operation_description?: string;
  /** False for what was refused; absent means that it was done. */
  operation_result?: boolean;
  from: string;
  project_id?: number | undefined;
}

/** What a line begins with, and what most lines are told apart by: reading it is cheaper than parsing them whole. */
export interface Head {
  op_time: string;
  id: number;
  project_id: number | undefined;
}

/** Characters that are kept. Names have limits of their own; what is tried at the door has none. */
const longest = { username: 255, from: 100, resource: 1000, operation_description: 500 };

/** An entry but for its id, cut to what a line may hold. */
export function toEntry(deed: Deed, at: Date): Omit<AuditEntry, "id"> {
  const { project_id, from } = deed;
  const rest = {
    username: cut(deed.username, longest.username),
    operation: deed.operation,
    resource_type: deed.resource_type,
    resource: cut(deed.resource, longest.resource),
    operation_description: cut(deed.operation_description ?? "", longest.operation_description),
    operation_result: deed.operation_result ?? true,
    // An IPv4 address as a socket for both kinds writes it.
    from: cut(from.startsWith("::ffff:") ? from.replace(/^::ffff:(?=\d+\.)/, "") : from, longest.from),
  };
  const op_time = textOf(at);
  // Every pull comes by here, so no object is made only to be spread into another.
  return project_id === undefined ? { op_time, ...rest } : { op_time, project_id, ...rest };
}

let lastTime = { at: NaN, text: "" };

/** Many entries are of one millisecond, and writing a time costs more than all the rest of them. */
function textOf(at: Date): string {
  const time = at.getTime();
  if (time !== lastTime.at) lastTime = { at: time, text: at.toISOString() };
  return lastTime.text;
}

/**
 * An entry's line, newline and all; the entry is as `toEntry` makes it. It is plain ASCII: no character can end it early or be split between two blocks.
 * Time, id and project come first, for `headOf`.
 */
export function toLine(entry: Omit<AuditEntry, "id">, id: number): string {
  const text = JSON.stringify(entry);
  return `${text.slice(0, timeEnds)},"id":${id}${text.slice(timeEnds).replace(/[\u007f-\uffff]/g, escapeOf)}\n`;
}

const timeEnds = '{"op_time":"2026-01-02T03:04:05.678Z"'.length;

/** `undefined` for a line that is damaged. */
export function headOf(line: string): Head | undefined {
  const [, op_time, id, project] = head.exec(line) ?? [];
  if (op_time === undefined) return undefined;
  return { op_time, id: Number(id), project_id: project === undefined ? undefined : Number(project) };
}

/** `undefined` for a line that is damaged. */
export function entryOf(line: string): AuditEntry | undefined {
  try {
    return AuditEntry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** A text as it stands within a line, with its quotes. */
export function written(value: unknown): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escapeOf);
}

const head = /^\{"op_time":"([^"]{24})","id":(\d+)(?:,"project_id":(\d+))?,"/;

const escapeOf = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
