import { inject, type InjectionKey } from "vue";
import { windowContract, type WindowContract } from "../registry/contract/index.ts";
import type { Client, Operation } from "../registry/contract/operation.ts";
import { Fault } from "../registry/contract/fault.ts";
import type { Transport } from "./transports/transport.ts";

/**
 * Every operation as a function with the contract's types; `client.projects.create({ … })`.
 * `refused` hears of each that wants somebody to sign in, or to have other rights.
 */
export function createClient(transport: Transport, refused: (name: string) => void): Client<WindowContract> {
  async function call(name: string, operation: Operation, input: Record<string, unknown>): Promise<unknown> {
    try {
      return await transport.call(name, operation, input);
    } catch (error) {
      if (error instanceof Fault && (error.status === 401 || error.status === 403)) refused(name);
      throw error;
    }
  }

  const client = mapEntries(windowContract, (resource, operations) =>
    mapEntries(
      operations as Record<string, Operation>,
      (verb, operation) => (input: Record<string, unknown>) => call(`${resource}.${verb}`, operation, input),
    ),
  );
  return client as unknown as Client<WindowContract>;
}

function mapEntries<V, R>(of: Record<string, V>, change: (key: string, value: V) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(key, value)]));
}

/** What the application hands to stores and views. */
export interface Connection {
  client: Client<WindowContract>;
  transport: Transport;
}

export const connectionKey: InjectionKey<Connection> = Symbol("connection");

export function useConnection(): Connection {
  const connection = inject(connectionKey);
  if (connection === undefined) throw new Error("the application has no connection to a registry");
  return connection;
}

export function useClient(): Client<WindowContract> {
  return useConnection().client;
}
