/**
 * What libraries take for granted and Electron before 28, which runs Node 18, does not have.
 *
 * Must be the first import of `main.ts`: what it sets is read when the libraries after it load.
 */
import { webcrypto } from "node:crypto";
import diagnostics from "node:diagnostics_channel";

// The pool reads its size once, at the first file that is opened. Hashing and writing of several pushes at
// once take more than its four threads.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

const scope = globalThis as { crypto?: unknown; CryptoKey?: unknown };
scope.crypto ??= webcrypto;
scope.CryptoKey ??= (webcrypto as unknown as { CryptoKey: unknown }).CryptoKey;

// Made where there is nobody to trace for; callers look at `hasSubscribers` before they go further.
if (!Reflect.has(diagnostics, "tracingChannel"))
  Reflect.set(diagnostics, "tracingChannel", () => ({ hasSubscribers: false }));
