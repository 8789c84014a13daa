import { Fault } from "../../registry/contract/fault.ts";
import type { Transport } from "./transport.ts";

/** What these refuse says nothing about the session. */
const ownWords = new Set(["session.open", "users.current", "users.setPassword", "users.signUp"]);

/** The same transport, which tells when the registry refused something: who is here may be somebody else by now. */
export function watched(transport: Transport, refused: () => void): Transport {
  return {
    ...transport,
    async call(name, operation, input) {
      try {
        return await transport.call(name, operation, input);
      } catch (error) {
        const about = error instanceof Fault && (error.status === 401 || error.status === 403);
        if (about && !ownWords.has(name)) refused();
        throw error;
      }
    },
  };
}
