import { inject, type InjectionKey } from "vue";
import { windowContract, type WindowContract } from "../registry/contract/index.ts";
import type { Client, Operation } from "../registry/contract/operation.ts";
import type { Transport } from "./transports/transport.ts";

/** Every operation as a function with the contract's types; `client.projects.create({ … })`. */
export function createClient(transport: Transport): Client<WindowContract> {
  const client = mapEntries(windowContract, (resource, operations) =>
    mapEntries(
      operations as Record<string, Operation>,
      (verb, operation) => (input: Record<string, unknown>) =>
        transport.call(`${resource}.${verb}`, operation, input),
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
