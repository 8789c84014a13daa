import { describe, expect, test } from "vitest";
import { compilePattern } from "../../registry/replication/pattern.ts";

/** The patterns of a rule's filters, as Harbor reads them. */
describe("a pattern", () => {
  test.each([
    ["library/**", "library/a library/a/b", "libraries/a other/library/a"],
    ["library/*", "library/a", "library/a/b library"],
    ["**", "a a/b/c", ""],
    ["*", "latest .hidden", "a/b"],
    ["{dev,qa}/app-*", "qa/app-1 dev/app-", "prod/app-1 qa/app"],
    ["{latest,v{1,2}.*}", "latest v2.0", "v3.0"],
    ["v1.*", "v1.2", "v12"],
    ["[a-c]/x", "b/x", "d/x"],
    ["[^a]", "b", "a /"],
    ["a?c", "abc", "a/c ac"],
    ["**/app", "app x/y/app", "app/x"],
    ["a/**/b", "a/b a/x/y/b", "a/xb"],
    ["v\\*", "v*", "vv"],
    ["!a", "!a", "b"],
    ["(a|b)+", "(a|b)+", "a ab"],
  ])("%j takes %j and leaves %j", (pattern, taken, left) => {
    const matches = compilePattern(pattern);
    for (const text of taken.split(" ")) expect([text, matches(text)]).toEqual([text, true]);
    for (const text of left.split(" ").filter(Boolean)) expect([text, matches(text)]).toEqual([text, false]);
  });

  test("that is empty takes everything; only stars take what has no tag", () => {
    expect(compilePattern("")("anything/at:all")).toBe(true);
    expect(["", "*", "**"].map((pattern) => compilePattern(pattern)(""))).toEqual([true, true, true]);
    expect(["v*", "{a,b}", "?"].map((pattern) => compilePattern(pattern)(""))).toEqual([false, false, false]);
  });

  test("from a name that was made to be slow is answered soon all the same", () => {
    const matches = compilePattern(`${"*a".repeat(20)}*b`);
    expect(matches("a".repeat(128))).toBe(false);
  });
});
