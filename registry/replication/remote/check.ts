import { Fault } from "../../contract/fault.ts";
import type { Reachable } from "../../contract/registries.ts";
import { Again } from "../../jobs/job.ts";
import { limits } from "./bodies.ts";
import { challengeOf } from "./challenge.ts";
import { drop, type Connection } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { reasonOf } from "./refusals.ts";
import { troubleOf } from "./troubles.ts";

interface Deps {
  exchange: Exchange;
  connection: Connection;
  harbor: boolean;
  /** Empty asks as nobody. */
  access_key: string;
}

/** Asks a registry how it is, one step after the other, and says in words what is wrong first. Harbor API 22.1. */
export function createCheck({ exchange, connection, harbor, access_key }: Deps) {
  const { name } = exchange.endpoint;
  const notOne = (why: string): Reachable => ({ problem: "not-a-registry", message: `${name} ${why}` });

  /** Whether Harbor's API is there. */
  async function api(signal: AbortSignal): Promise<Reachable | undefined> {
    const answer = await connection.send(exchange.at("/api/version"), { method: "GET", headers: {}, signal });
    if (answer.status >= 500) return failing(answer.status, await reasonOf(answer));
    if (answer.status !== 200) {
      await drop(answer);
      return notOne("has no API of Berth or Harbor 2: choose another kind, or check the address");
    }
    try {
      const told = (await exchange.json(answer, limits.token)) as { version?: unknown } | null;
      if (typeof told?.version === "string") return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    return notOne("answers, but not as Berth or Harbor does: check the address");
  }

  /** Whether the distribution API is there. */
  async function base(signal: AbortSignal): Promise<Reachable | undefined> {
    const answer = await connection.send(exchange.at("/v2/"), { method: "GET", headers: {}, signal });
    const { status } = answer;
    const html = answer.header("content-type")?.includes("html") ?? false;
    if (status >= 500 || status === 429) return failing(status, await reasonOf(answer));
    await drop(answer);
    if (status === 401 && challengeOf(answer.header("www-authenticate"))) return undefined;
    if (status === 200 && !html) return undefined;
    if (status >= 300 && status < 400)
      return notOne(
        `redirects to ${(answer.header("location") ?? "nowhere").slice(0, 200)}: use that address`,
      );
    return notOne("answers, but is no registry: check the address");
  }

  function failing(status: number, reason: string): Reachable {
    return { problem: "other", message: `${name} is in trouble: status ${status}${reason && `, ${reason}`}` };
  }

  /** Whether it lets us in. */
  async function entry(signal: AbortSignal): Promise<Reachable> {
    const answer = await exchange.raw("GET", exchange.at("/v2/"), { as: [], signal });
    const { status } = answer;
    if (status === 200) {
      await drop(answer);
      return {
        message: access_key === "" ? `${name} answers` : `${name} answers, and lets ${access_key} in`,
      };
    }
    const reason = await reasonOf(answer);
    if (status === 401 || status === 403)
      return {
        problem: "credentials",
        message: `${name} does not let ${access_key} in${reason && `: ${reason}`}`,
      };
    return failing(status, reason);
  }

  return async function check(signal: AbortSignal): Promise<Reachable> {
    try {
      const wrong = (harbor ? await api(signal) : undefined) ?? (await base(signal));
      if (wrong) return wrong;
      // Who asks as nobody may be let in to some places and not to the front door.
      if (access_key === "") return { message: `${name} answers` };
      return await entry(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault)
        return { problem: error.code === "UNAUTHORIZED" ? "credentials" : "other", message: error.message };
      if (error instanceof Again) return { problem: "other", message: error.message };
      const trouble = troubleOf(error);
      if (!trouble) throw error;
      return { problem: trouble.problem, message: `${name} ${trouble.message}` };
    }
  };
}
