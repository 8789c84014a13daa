import { expect, test } from "vitest";
import { listingOf, matches, parseQuery, sortBy, whereOf } from "../../registry/store/query.ts";

interface Project {
  project_id: number;
  name: string;
  public: boolean;
  creation_time: string;
  labels: string[];
}
const fields = ["project_id", "name", "public", "creation_time", "labels"] as const;
const whereOfQ = (q: string) => whereOf<Project>(parseQuery(q), fields);

test.each([
  ["name=library", { name: "library" }],
  ["Name=library", { name: "library" }],
  ["ProjectID=7", { project_id: { in: ["7", 7] } }],
  ["CreationTime=[2026-01-02T03:04:05~]", { creation_time: { from: "2026-01-02T03:04:05.000Z" } }],
  ["creation_time=[~2026-01-02 03:04:05]", { creation_time: { to: "2026-01-02T03:04:05.000Z" } }],
  ["name=~lib", { name: { contains: "lib" } }],
  ["name=~100%25", { name: { contains: "100%" } }],
  ["name=\\~lib", { name: "~lib" }],
  ["name=\\[a~b]", { name: "[a~b]" }],
  ["project_id=[1~5]", { project_id: { from: 1, to: 5 } }],
  ["project_id={1 2}", { project_id: { in: ["1", 1, "2", 2] } }],
  ["name={'123' \"b\" c}", { name: { in: ["'123'", "123", '"b"', "b", "c"] } }],
  ["public=true", { public: { in: ["true", true] } }],
  ["labels=(7)", { labels: { in: ["7", 7] } }],
  ["name=a,public=false", { name: "a", public: { in: ["false", false] } }],
  ["name=a,name=b", { name: "b" }],
  ["name=a=b", { name: "a=b" }],
  ["name=a%2Cb", { name: "a" }],
  ["name__icontains=lib", { name: { contains: "lib" } }],
  ["project_id__in=1 2", { project_id: { in: ["1", 1, "2", 2] } }],
  ["project_id__gte=3", { project_id: { from: 3 } }],
  ["name__unheard=3", {}],
  ["unknown=x", {}],
  ["__proto__=x,constructor=y", {}],
  ["", {}],
])("q=%s is read as Harbor reads it", (q, where) => {
  // A comma that is escaped twice still parts two conditions, as the second decoding comes first.
  if (q.includes("%2C")) expect(() => whereOfQ(q)).toThrow("q has a part");
  else expect(whereOfQ(q)).toEqual(where);
});

test.each([
  "name",
  "=x",
  "name=",
  "name=,public=true",
  "a=1,",
  "name=~",
  "name=[1]",
  "name=[~]",
  "name=[1~2~3]",
  "name={a",
  "name=(a b)",
  "name=%zz",
])("q=%s is refused", (q) => {
  expect(() => whereOfQ(q)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }) as Error);
});

const project = (project_id: number, more: Partial<Project> = {}): Project => ({
  project_id,
  name: `p${project_id}`,
  public: project_id % 2 === 0,
  creation_time: `2026-01-0${project_id}T00:00:00.000Z`,
  labels: [],
  ...more,
});

test("values made in memory meet a query as stored ones do", () => {
  const all = [project(1), project(2, { labels: ["x", "y"] }), project(3, { name: "Library" })];
  const ids = (q: string) =>
    all.filter((one) => matches(one, parseQuery(q), fields)).map((one) => one.project_id);
  expect(ids("project_id=2")).toEqual([2]);
  expect(ids("public=false")).toEqual([1, 3]);
  expect(ids("name=~LIB")).toEqual([3]);
  expect(ids("labels={y z}")).toEqual([2]);
  expect(ids("creation_time=[2026-01-02T00:00:00~2026-01-02T23:59:59]")).toEqual([2]);
  expect(ids("nothing=1")).toEqual([1, 2, 3]);
});

test("lists are sorted by known fields only, and by the usual order otherwise", () => {
  const all = [project(1, { name: "b" }), project(2, { name: "a" }), project(3, { name: "a" })];
  const ids = (sort?: string) =>
    sortBy(all, sort, fields, ["name", "-project_id"]).map((one) => one.project_id);
  expect(ids()).toEqual([3, 2, 1]);
  expect(ids("-name,project_id")).toEqual([1, 2, 3]);
  expect(ids("Name")).toEqual([2, 3, 1]);
  expect(ids("password,-__proto__")).toEqual([3, 2, 1]);
});

test("a page of a list is skip and limit", () => {
  const listing = listingOf<Project>(
    { q: "name=~a", sort: "-name", page: 3, page_size: 20 },
    { fields, sort: ["name"] },
  );
  expect(listing).toEqual({ where: { name: { contains: "a" } }, sort: ["-name"], skip: 40, limit: 20 });
  expect(listingOf<Project>({}, { fields, sort: ["name"] })).toEqual({
    where: {},
    sort: ["name"],
    skip: 0,
    limit: 10,
  });
});
