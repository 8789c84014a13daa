import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A real SMTP server on this machine that keeps what it gets. */
export interface PostOffice {
  port: number;
  letters: { to: string[]; text: string; user: unknown; secure: boolean }[];
  close(): Promise<void>;
}

export async function openPostOffice(options: SMTPServerOptions = {}): Promise<PostOffice> {
  const letters: PostOffice["letters"] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    ...options,
    onAuth(auth, _session, done) {
      if (auth.username === "mailer" && auth.password === "Post-12345") done(null, { user: "mailer" });
      else done(new Error("wrong name or password"));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8").replaceAll("=\r\n", "").replaceAll("=3D", "=");
        const to = session.envelope.rcptTo.map(({ address }) => address);
        const user: unknown = session.user;
        letters.push({ to, text, user, secure: session.secure });
        done();
      });
    },
  });
  server.on("error", () => undefined); // a client that gives up is part of the tests
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  return {
    port: (listening.address() as AddressInfo).port,
    letters,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
