import { request as plainly, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as securely } from "node:https";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";

export interface Asked {
  port: number;
  /** What is trusted, PEM, and nothing else; absent asks without TLS. */
  ca?: string;
  host?: string;
  servername?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  protocol: string | null;
}

/** A request by a client that is no browser and checks the certificate. Throws when that is not good for the name it asked for. */
export function ask({ host = "localhost", path = "/", body, ...rest }: Asked): Promise<Answered> {
  return new Promise((done, fail) => {
    const options = { servername: host, ...rest, host, path, agent: false as const };
    function take(answer: IncomingMessage): void {
      const protocol = rest.ca === undefined ? null : (answer.socket as TLSSocket).getProtocol();
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () =>
        done({ status: answer.statusCode ?? 0, headers: answer.headers, body: text, protocol }),
      );
    }
    const asking = rest.ca === undefined ? plainly(options, take) : securely(options, take);
    asking.on("error", fail).end(body);
  });
}

/** What the server shows to a client that asks for `name` and checks nothing. */
export function shownBy(port: number, name?: string): Promise<DetailedPeerCertificate> {
  return new Promise((done, fail) => {
    const options = { host: "127.0.0.1", port, rejectUnauthorized: false };
    const socket = connect(name === undefined ? options : { ...options, servername: name }, () => {
      done(socket.getPeerCertificate(true));
      socket.destroy();
    });
    socket.on("error", fail);
  });
}
