/** The people and groups of the test's directory. */
export const base = "dc=berth,dc=test";
export const rootDn = `cn=root,${base}`;
export const rootPassword = "root-secret";
export const readerDn = `cn=reader,${base}`;
export const readerPassword = "reader-secret";
export const password = "Sailor-12345";

const unit = (name: string): string => `dn: ou=${name},${base}
objectClass: organizationalUnit
ou: ${name}
`;

/** A person whose entry is below that unit; more lines are attributes of the entry. */
export const person = (
  uid: string,
  tree: string,
  lines: readonly string[] = [],
): string => `dn: ${personDn(uid, tree)}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid} of ${tree}
sn: ${uid}
userPassword: ${password}
${lines.map((line) => `${line}\n`).join("")}`;

const group = (name: string, ...members: string[]): string => `dn: ${groupDn(name)}
objectClass: groupOfNames
cn: ${name}
${members.map((member) => `member: ${member}\n`).join("")}`;

export const groupDn = (name: string): string => `cn=${name},ou=groups,${base}`;
export const personDn = (uid: string, tree = "people"): string => `uid=${uid},ou=${tree},${base}`;

const ann = personDn("ann");
const nobody = `cn=nobody,${base}`;

export const directory = [
  `dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\no: Berth\ndc: berth\n`,
  ...["people", "partners", "groups"].map(unit),
  `dn: ${readerDn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: reader\nuserPassword: ${readerPassword}\n`,
  person("ann", "people", ["mail: ann@berth.test"]),
  person("bob", "people"),
  person("carl", "partners", ["mail: ANN@berth.test"]),
  person("twin", "people"),
  person("twin", "partners"),
  person("mover", "people", ["mail: mover@berth.test"]),
  person("Dora Ström", "people", ["mail: dora@berth.test", "uid: dora"]),
  person("star*", "people"),
  person("a_b", "people"),
  person("a\\,b", "people").replace("uid: a\\,b", "uid: a,b"),
  person("admin", "people"),
  // The first letter is Cyrillic.
  person("аdmin", "people"),
]
  .map(encoded)
  .join("\n");

/** Added while the server runs, so that it writes `memberOf` into the members' entries. */
export const groups = [group("developers", ann), group("captains", nobody), group("guests", nobody)].join(
  "\n",
);

/** What is not ASCII stands in LDIF as base64. RFC 2849 */
export function encoded(ldif: string): string {
  return ldif.replace(/^([\w-]+): (.*[^\p{ASCII}].*)$/gmu, (_, name: string, value: string) => {
    return `${name}:: ${Buffer.from(value).toString("base64")}`;
  });
}
