import type { AuditEntry } from "../contract/audit.ts";

const columns = [
  "op_time",
  "username",
  "operation",
  "resource_type",
  "resource",
  "operation_description",
  "operation_result",
  "from",
  "project_id",
  "id",
] as const satisfies readonly (keyof AuditEntry)[];

/** The first row: the columns' names. */
export const titles = `${columns.join(",")}\r\n`;

/** One row, by RFC 4180. */
export function rowOf(entry: AuditEntry): string {
  return `${columns.map((column) => cellOf(String(entry[column] ?? ""))).join(",")}\r\n`;
}

/** A spreadsheet takes what begins with one of these for a formula, and runs it: an apostrophe makes it a text. */
function cellOf(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
