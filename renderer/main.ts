import { config } from "zod";

// The pages' security policy forbids making functions from text, and zod's schemas ask whether they may when they
// are declared; even the asking is a violation. So they are told first, and everything else is loaded after.
config({ jitless: true });
await import("./start.ts");
