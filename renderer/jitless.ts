import { config } from "zod";

// The pages' content security policy forbids making functions from text. Schemas ask once, when they are
// declared, whether they may; asking is already a violation. So this runs before the contract is loaded.
config({ jitless: true });
