import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBerth, type Berth } from "../harness.ts";
import { describeWith } from "../parts.ts";
import { serviceOf, type Answer, type Service } from "./collection.ts";
import { openReference } from "./reference.ts";
import { openBench, type Expected } from "./bench.ts";
import { firstViolations } from "./first-violations.ts";
import { updateViolations } from "./update-violations.ts";

const violations = [...firstViolations, ...updateViolations];

/** That the answer is the expected one, and one that clients can read: a single error in less than 1 KiB. */
function assertAnswer({ status, error, text }: Answer, { code, name, says, ...expected }: Expected): void {
  expect(error === undefined ? status : `${status} ${error.code}`).toBe(
    code === undefined ? expected.status : `${expected.status} ${code}`,
  );
  if (code === undefined) return;
  expect(Buffer.byteLength(text)).toBeLessThan(1024);
  if (name === undefined) return;
  expect(error?.detail?.Name).toBe(name);
  if (says instanceof RegExp) expect(error?.detail?.Error?.Msg).toMatch(says);
  else expect(error?.detail?.Error?.Msg).toBe(says);
}

describe("an upload that breaks a rule is refused in the reference's words", () => {
  let berth: Berth;

  beforeAll(async () => {
    berth = await startBerth();
  });
  afterAll(() => berth?.close());

  test.each(violations)("$what", async ({ upload, expected }) => {
    const bench = await openBench(serviceOf(berth));
    assertAnswer(await upload(bench), expected);
    const { text } = await bench.get("timestamp.json");
    // What was refused has changed nothing.
    if (expected.status === 200) expect(text).not.toBe(bench.before());
    else expect(text).toBe(bench.before());
  });
});

describeWith(["notary-server"], "notary-server answers the same, but where it is known to be wrong", () => {
  let service: Service & { close(): Promise<void> };

  beforeAll(async () => {
    service = await openReference();
  });
  afterAll(() => service?.close());

  test.each(violations)("$what", async ({ upload, expected, reference = expected }) => {
    assertAnswer(await upload(await openBench(service)), reference);
  });
});
