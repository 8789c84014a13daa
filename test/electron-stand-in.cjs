// The test runtime comes without Electron's default app, the part that makes `electron [switches] <path>` open
// that path. setup.sh puts this file in its place, in the copy of the runtime that tests start.
const { app } = require("electron");
const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

const words = process.argv.slice(1);
let target;
while (target === undefined && words.length > 0) {
  const word = words.shift();
  if (word === "-r" || word === "--require") require(path.resolve(words.shift()));
  else if (!word.startsWith("-")) target = path.resolve(word);
}

if (target === undefined) {
  console.error("usage: electron [switches] <folder or file>");
  app.exit(2);
} else {
  open(target);
}

function open(target) {
  Object.defineProperty(process, "defaultApp", { value: true, enumerable: true });
  const description = path.join(target, "package.json");
  const isApp = fs.existsSync(description);
  if (isApp) introduce(JSON.parse(fs.readFileSync(description, "utf8")));

  const main = createRequire(path.join(target, "/")).resolve(target);
  app.setAppPath(isApp ? target : path.dirname(main));
  require(main);
}

function introduce({ name, productName, version, desktopName }) {
  if (version) app.setVersion(version);
  if (productName ?? name) app.setName(productName ?? name);
  app.setDesktopName(desktopName ?? `${app.getName()}.desktop`);
}
