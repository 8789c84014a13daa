import { Agent, request, type OutgoingHttpHeaders } from "node:http";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface Asked {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: Buffer | undefined;
  /** Take any status for an answer; otherwise one above 299 is an error. */
  any?: boolean;
}

const agent = new Agent({ keepAlive: true, noDelay: true });

/** One request, on a connection that is kept; the same cheap client for both registries. */
export function ask(
  url: string,
  { method = "GET", headers = {}, body, any = false }: Asked = {},
): Promise<Answer> {
  return new Promise((done, fail) => {
    const length = method === "GET" || method === "HEAD" ? {} : { "content-length": body?.length ?? 0 };
    const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", fail);
      answer.on("end", () => {
        const { statusCode: status = 0 } = answer;
        const text = Buffer.concat(parts);
        if (any || status < 300) done({ status, headers: answer.headers, body: text });
        else fail(new Error(`${method} ${url}: ${status} ${text.toString().slice(0, 500)}`));
      });
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** Runs `work` for each item, `at once` of them together. */
export async function each<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
