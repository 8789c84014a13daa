/** A part of a form, as it came. */
export interface FormPart {
  /** Absent when the part names none. Not cut down to its last component. */
  filename: string | undefined;
  bytes: Buffer;
}

/** Parts that one form may have. */
const most = 2000;
/** Bytes of a part's own headers. */
const longestHead = 4096;

/** The boundary of a `multipart/form-data` type, if it is one. RFC 2046 5.1.1 */
export function boundaryOf(type: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(type)) return undefined;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  return quoted ?? bare;
}

/** The parts of a form that has arrived whole, in order; `undefined` for what is no such form. */
export function partsOf(body: Buffer, boundary: string): FormPart[] | undefined {
  if (body.length === 0) return [];
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first one may stand at the very beginning.
  const whole = body.subarray(0, 2).equals(Buffer.from("--"))
    ? Buffer.concat([Buffer.from("\r\n"), body])
    : body;
  const parts: FormPart[] = [];
  let at = whole.indexOf(delimiter);
  while (at !== -1 && parts.length <= most) {
    const after = at + delimiter.length;
    if (whole.subarray(after, after + 2).toString() === "--") return parts;
    // Blanks may follow a delimiter.
    const line = whole.indexOf("\r\n", after);
    const next = whole.indexOf(delimiter, after);
    if (line === -1 || next === -1 || !/^[ \t]*$/.test(whole.subarray(after, line).toString("latin1")))
      return undefined;
    const part = partOf(whole.subarray(line, next));
    if (!part) return undefined;
    parts.push(part);
    at = next;
  }
  return undefined;
}

/** `text` begins with the line end before the first header. */
function partOf(text: Buffer): FormPart | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1 || end > longestHead) return undefined;
  const head = text.subarray(0, end).toString("utf8");
  const [, disposition = ""] = /\r\ncontent-disposition:([^\r\n]*)/i.exec(head) ?? [];
  const [, quoted, bare] = /;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition) ?? [];
  return { filename: quoted?.replace(/\\(.)/g, "$1") ?? bare, bytes: text.subarray(end + 4) };
}
