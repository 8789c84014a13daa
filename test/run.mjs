// `npm test`: brings what is missing, builds, checks, runs every test, and ends in one line that counts them.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";

const results = "test-results";
const counts = { passed: 0, failed: 0, skipped: 0 };

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

step("bringing the programs to test with", "bash", ["test/setup.sh"]);
step("building", "npm", ["run", "-s", "build"]);
tally(
  "checking types, format, style, borders and unused code",
  "npm",
  ["run", "-s", "check"],
  () => undefined,
);
tally(
  "testing the registry and its clients",
  "npx",
  ["vitest", "run", "--config", "test/vitest.config.ts"],
  () => {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = read("vitest.json");
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  },
);
tally(
  "testing the window and the browser",
  "npx",
  ["playwright", "test", "--config", "test/playwright.config.ts"],
  () => {
    const { expected, unexpected, flaky, skipped } = read("playwright.json").stats;
    return { passed: expected + flaky, failed: unexpected, skipped };
  },
);

// Where everything can be brought, nothing goes untested unseen, whichever runner left it out.
if (process.env.CI === "true" && counts.skipped > 0) {
  console.log(`\n${counts.skipped} skipped: under CI each of them is a failure`);
  counts.failed += counts.skipped;
  counts.skipped = 0;
}

console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);

/** Runs what the rest needs; without it there is nothing to count. */
function step(what, command, args) {
  if (run(what, command, args) === 0) return;
  console.log("\n0 passed, 1 failed");
  process.exit(1);
}

/** Runs a suite and adds its counts; one that ends badly without a failed test is itself a failure. */
function tally(what, command, args, count) {
  const status = run(what, command, args);
  let counted;
  try {
    counted = count();
  } catch {
    counted = undefined; // it died before it could write its results
  }
  counts.passed += counted?.passed ?? 0;
  counts.skipped += counted?.skipped ?? 0;
  counts.failed += counted?.failed ?? 0;
  if (status !== 0 && !counted?.failed) counts.failed += 1;
}

function run(what, command, args) {
  console.log(`\n— ${what}`);
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  console.log(`  ${status === 0 ? "done" : "failed"} after ${Math.round((Date.now() - started) / 1000)} s`);
  return status;
}

function read(name) {
  return JSON.parse(readFileSync(`${results}/${name}`, "utf8"));
}
