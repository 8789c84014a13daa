import type { MailSettings } from "./mail.ts";
import { sendMail, type Letter } from "./mail.ts";

/** What Berth writes to people. */
export function resetLetter(to: string, link: string): Letter {
  return {
    to,
    subject: "Set a new password for Berth",
    text: [
      "Somebody, probably you, asked to set a new password for your account.",
      "",
      "Open this link within half an hour. It works once:",
      link,
      "",
      "If it was not you, do nothing: your password stays as it is.",
    ].join("\n"),
  };
}

/** Sends a letter with the given settings, the kept ones filling in. A kept password goes only to the server it is kept for. */
export function testMailOf(kept: () => Promise<MailSettings>) {
  return async function testMail({ to, ...given }: { to: string } & Partial<MailSettings>): Promise<void> {
    const stored = await kept();
    const told = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined && value !== ""),
    );
    const settings: MailSettings = { ...stored, ...told };
    if (settings.email_host !== stored.email_host && !given.email_password) settings.email_password = "";
    const text = "This is a test: Berth can send mail with these settings.";
    await sendMail(settings, { to, subject: "Berth can send mail", text });
  };
}
