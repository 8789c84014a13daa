/**
 * Must be the first import of `main.ts`: what it sets is read when the libraries after it load.
 */
import { webcrypto } from "node:crypto";

// The pool reads its size once, at the first file that is opened. Hashing and writing of several pushes at
// once take more than its four threads.
process.env["UV_THREADPOOL_SIZE"] ??= "16";

// Electron before 28 runs Node 18, where the web's crypto is not a global yet.
const scope = globalThis as { crypto?: unknown; CryptoKey?: unknown };
scope.crypto ??= webcrypto;
scope.CryptoKey ??= (webcrypto as unknown as { CryptoKey: unknown }).CryptoKey;
