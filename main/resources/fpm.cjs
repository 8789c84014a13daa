#!/usr/bin/env node
// electron-builder makes a .deb by fpm, a Ruby program that it downloads. This takes the part of fpm's arguments that
// it uses and has dpkg-deb do the work, so that a package can be made without a network.
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const scriptNames = {
  "--after-install": "postinst",
  "--after-remove": "postrm",
  "--before-install": "preinst",
  "--before-remove": "prerm",
};
const flags = new Set(["--force", "--debug", "--no-auto-depends", "--no-deb-auto-config-files"]);

const wish = read(process.argv.slice(2));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "berth-deb-"));
try {
  stage(wish.files);
  writeControl(wish);
  const { package: file, "deb-compression": compression = "xz" } = wish.options;
  execFileSync("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "-z4", "--build", folder, file], {
    stdio: "inherit",
  });
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}

function read(words) {
  const wish = { options: {}, depends: [], recommends: [], scripts: [], files: [] };
  while (words.length > 0) {
    const word = words.shift();
    if (flags.has(word)) continue;
    if (!word.startsWith("-")) wish.files.push(word);
    else take(wish, word, words);
  }
  if (wish.options.t !== "deb") throw new Error(`only deb packages are made here, not ${wish.options.t}`);
  return wish;
}

function take(wish, word, words) {
  const [, name, joined] = /^--?([^=]+)(?:=(.*))?$/s.exec(word);
  const value = joined ?? words.shift();
  if (name === "d" || name === "depends") wish.depends.push(value);
  else if (name === "deb-recommends") wish.recommends.push(value);
  else if (scriptNames[`--${name}`]) wish.scripts.push([scriptNames[`--${name}`], value]);
  else wish.options[name] = value;
}

/** Each is `from=to`; a folder ends in a slash. */
function stage(files) {
  for (const file of files) {
    const at = file.lastIndexOf("=");
    const from = file.slice(0, at);
    const to = path.join(folder, file.slice(at + 1));
    fs.mkdirSync(from.endsWith("/") ? to : path.dirname(to), { recursive: true });
    execFileSync("cp", from.endsWith("/") ? ["-a", `${from}.`, to] : ["-aL", from, to]);
  }
  execFileSync("chmod", ["-R", "u+rwX,go+rX,go-w", folder]);
}

function writeControl({ options, depends, recommends, scripts }) {
  const kilobytes = execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0];
  const [summary, ...more] = (options.description ?? options.name).trim().split("\n");
  const fields = {
    Package: options.name,
    // Debian sorts 1.0~beta before 1.0, and reads what follows a hyphen as the package's revision.
    Version: options.version.replaceAll("-", "~"),
    Architecture: options.architecture,
    Maintainer: options.maintainer,
    "Installed-Size": kilobytes,
    Depends: depends.join(", "),
    Recommends: recommends.join(", "),
    Section: options.category ?? "devel",
    Priority: options["deb-priority"] ?? "optional",
    Homepage: options.url,
    Description: [summary, ...more.map((line) => ` ${line.trim() || "."}`)].join("\n"),
  };
  const lines = Object.entries(fields)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value}\n`);
  const control = path.join(folder, "DEBIAN");
  fs.mkdirSync(control);
  fs.writeFileSync(path.join(control, "control"), lines.join(""));
  for (const [name, from] of scripts) {
    fs.copyFileSync(from, path.join(control, name));
    fs.chmodSync(path.join(control, name), 0o755);
  }
}
