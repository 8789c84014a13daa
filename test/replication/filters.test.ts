import { describe, expect, test } from "vitest";
import { destinationOf } from "../../registry/replication/destination.ts";
import { chooseBy, subjectOfTag } from "../../registry/replication/filters.ts";
import { compilePattern } from "../../registry/replication/pattern.ts";

describe("a pattern", () => {
  test.each([
    ["library/**", "library/a/b", true],
    ["library/**", "library", true],
    ["library/*", "library/a/b", false],
    ["library/*", "library/app", true],
    ["{dev,qa}/app-*", "qa/app-web", true],
    ["{dev,qa}/app-*", "prod/app-web", false],
    ["v1.*", "v1.0", true],
    ["v1.*", "v10", false],
    ["{latest,stable}", "stable", true],
    ["*", ".hidden", true],
    ["*", "", true],
    ["?", "", false],
    ["a?c", "a/c", false],
    ["**", "a/b/c", true],
    ["**/app", "app", true],
    ["**/app", "x/y/app", true],
    ["**/app", "my-app", false],
    ["a/**/b", "a/b", true],
    ["a/**/b", "a/x/y/b", true],
    ["a/**/b", "a/xb", false],
    ["**/x/**/y/**", "1/x/y/3", true],
    ["[a-c]?", "bz", true],
    ["[^a]*", "abc", false],
    ["[^a]*", "bc", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["a{b,{c,d}e}f", "adef", true],
    ["{open", "{open", true],
    ["[", "[", true],
    ["!x", "!x", true],
    ["@(a|b)", "a", false],
    ["", "anything", true],
  ])("%s and the name %s: %s", (pattern, text, expected) => {
    expect(compilePattern(pattern)(text)).toBe(expected);
  });

  test("holds nobody up, whatever name it meets", () => {
    const begun = performance.now();
    const matches = compilePattern(`${"*a".repeat(50)}b`);
    for (let n = 0; n < 20; n += 1) expect(matches("a".repeat(255))).toBe(false);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

describe("filters", () => {
  const plain = { digest: "sha256:1", labels: [] };

  test("must all hold, and leave an artifact its matching tags", () => {
    const { references } = chooseBy([
      { type: "tag", value: "v*" },
      { type: "tag", value: "*-rc*", decoration: "excludes" },
    ]);
    expect(references({ ...plain, tags: ["v1", "v2-rc1", "latest"] })).toEqual(["v1"]);
    expect(references({ ...plain, tags: ["latest"] })).toEqual([]);
    // What has no tag is matched as if its tag were empty.
    expect(references({ ...plain, tags: [] })).toEqual([]);
    expect(chooseBy([{ type: "tag", value: "*" }]).references({ ...plain, tags: [] })).toEqual(["sha256:1"]);
    expect(chooseBy([]).references({ ...plain, tags: [] })).toEqual(["sha256:1"]);
  });

  test("by label want all of the labels, or none with all of them", () => {
    const wants = chooseBy([{ type: "label", value: ["tested", "small"] }]);
    const without = chooseBy([{ type: "label", value: ["tested", "small"], decoration: "excludes" }]);
    const [both, one] = [
      { tags: ["1"], labels: ["small", "tested"] },
      { tags: ["1"], labels: ["small"] },
    ];
    expect([wants.references(both), wants.references(one)]).toEqual([["1"], []]);
    expect([without.references(both), without.references(one)]).toEqual([[], ["1"]]);
  });

  test("leave signatures to what they are about", () => {
    const hex = "a".repeat(64);
    for (const end of ["", ".sig", ".att", ".sbom"]) {
      expect(subjectOfTag(`sha256-${hex}${end}`)).toBe(`sha256:${hex}`);
      expect(chooseBy([]).references({ tags: [`sha256-${hex}${end}`], labels: [] })).toEqual([]);
    }
    expect(subjectOfTag("sha256-abc.sig")).toBeUndefined();
  });

  test("for images leave out what is known to be something else", () => {
    const { references } = chooseBy([{ type: "resource", value: "image" }]);
    expect(references({ ...plain, tags: ["1"], type: "CHART" })).toEqual([]);
    expect(references({ ...plain, tags: ["1"], type: "IMAGE" })).toEqual(["1"]);
    expect(references({ ...plain, tags: ["1"] })).toEqual(["1"]);
  });
});

describe("a namespace", () => {
  test.each([
    ["", 1, "a/b/c/image"],
    ["n", -1, "n/image"],
    ["n", 0, "n/a/b/c/image"],
    ["n", 1, "n/b/c/image"],
    ["n", 2, "n/c/image"],
    ["n", 3, "n/image"],
    ["n/m", 3, "n/m/image"],
  ])("%j for %i parts of a/b/c/image makes it %s", (namespace, count, expected) => {
    expect(destinationOf("a/b/c/image", namespace, count)).toBe(expected);
  });

  test("cannot stand for more parts than there are", () => {
    expect(() => destinationOf("a/b/c/image", "n", 4)).toThrow("has 3 parts before its name");
  });
});
