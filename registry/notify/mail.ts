import { createTransport } from "nodemailer";
import type { Settings } from "../contract/configuration.ts";
import { Fault } from "../contract/fault.ts";

export type MailSettings = Pick<
  Settings,
  | "email_host"
  | "email_port"
  | "email_tls"
  | "email_insecure"
  | "email_username"
  | "email_password"
  | "email_from"
>;

export interface Letter {
  to: string;
  subject: string;
  text: string;
}

/** Milliseconds; a mail server that says nothing is given up. */
const patience = 10_000;

/** Sends one letter. Throws `BAD_REQUEST` with the reason in words: name, refused, certificate, credentials, recipient. */
export async function sendMail(settings: MailSettings, { to, subject, text }: Letter): Promise<void> {
  if (settings.email_host === "") throw new Fault("BAD_REQUEST", "no mail server is set");
  // One plain address: what a parser might take for two is none. CVE-2025-13033 and its kin.
  if (!/^[^\s@<>,;:"'()[\]\\]+@[^\s@<>,;:"'()[\]\\]+$/.test(to))
    throw new Fault("BAD_REQUEST", `${to} is not one mail address`);
  const transport = createTransport({
    host: settings.email_host,
    port: settings.email_port,
    secure: settings.email_tls === "tls",
    requireTLS: settings.email_tls === "starttls",
    ignoreTLS: settings.email_tls === "none",
    tls: { rejectUnauthorized: !settings.email_insecure },
    ...(settings.email_username === ""
      ? {}
      : { auth: { user: settings.email_username, pass: settings.email_password } }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from: settings.email_from === "" ? `Berth <berth@${settings.email_host}>` : settings.email_from,
      to: { name: "", address: to },
      subject,
      text,
    });
  } catch (error) {
    throw new Fault("BAD_REQUEST", inWords(error as MailError, settings));
  } finally {
    transport.close();
  }
}

interface MailError extends Error {
  code?: string;
  response?: string;
}

function inWords({ code, message, response }: MailError, { email_host, email_port }: MailSettings): string {
  const server = `${email_host}:${email_port}`;
  if (/ENOTFOUND|EAI_AGAIN/.test(message) || code === "EDNS")
    return `there is no mail server named ${email_host}`;
  if (message.includes("ECONNREFUSED")) return `the mail server ${server} refuses the connection`;
  if (code === "ETIMEDOUT" || code === "ECONNECTION") return `the mail server ${server} does not answer`;
  if (/certificate|self.signed|altnames/i.test(message)) return `the certificate of ${server} is not trusted`;
  if (code === "EAUTH") return `the mail server ${server} refuses the user name or the password`;
  if (code === "ETLS") return `the mail server ${server} does not offer STARTTLS`;
  if (code === "EENVELOPE") return `the mail server ${server} refuses the address: ${response ?? message}`;
  return `the mail could not be sent by ${server}: ${response ?? message}`;
}
