// Draws Berth's icons: `node main/resources/draw.mjs`. One picture in every size and state,
// small enough to say in distances, so that no drawing program is needed to change it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const box = (x, y, halfWidth, halfHeight, round) => (px, py) => {
  const dx = Math.abs(px - x) - halfWidth + round;
  const dy = Math.abs(py - y) - halfHeight + round;
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - round;
};
const disc = (x, y, radius) => (px, py) => Math.hypot(px - x, py - y) - radius;
const triangle = (x, y, size) => (px, py) =>
  Math.max(py - y - size * 0.6, Math.abs(px - x) * 0.87 - (py - y + size * 0.8) * 0.5);
const any =
  (...shapes) =>
  (px, py) =>
    Math.min(...shapes.map((shape) => shape(px, py)));
const without =
  (shape, ...holes) =>
  (px, py) =>
    Math.max(shape(px, py), ...holes.map((hole) => -hole(px, py)));

// The picture of renderer/public/berth.svg, on its grid of 32, y downwards: four containers over water.
const containers = any(...[11.5, 20.5].flatMap((x) => [9, 17].map((y) => box(x, y, 3.5, 3, 0.01))));
const water = (x, y) => {
  const at = Math.min(Math.max(x, 6), 26);
  return Math.hypot(x - at, y - 25 + 1.2 * Math.sin(((at - 6) / 5) * Math.PI)) - 1.2;
};
const onGrid = (shape) => (x, y) => shape(x * 32, y * 32) / 32;
/** Without the room around it, for the few points of a tray. */
const filling = (shape) => (x, y) => shape(x * 23 + 4.5, y * 23 + 4.8) / 23;
const glyph = filling(any(containers, water));

const badgeRoom = disc(0.76, 0.74, 0.3);
const badgeMarks = {
  active: triangle(0.76, 0.74, 0.13),
  paused: any(box(0.7, 0.74, 0.035, 0.1, 0.02), box(0.82, 0.74, 0.035, 0.1, 0.02)),
  error: any(box(0.76, 0.69, 0.035, 0.085, 0.03), disc(0.76, 0.83, 0.04)),
};
const badgeColours = { active: [38, 128, 235], paused: [180, 120, 0], error: [214, 48, 49] };

function trayLayers(state, colour, template) {
  if (state === "idle") return [[glyph, colour]];
  const badge = disc(0.76, 0.74, 0.24);
  const mark = badgeMarks[state];
  // macOS paints a template in one colour: there the mark is a hole.
  const badgeLayers = template
    ? [[without(badge, mark), colour]]
    : [
        [badge, badgeColours[state]],
        [mark, [255, 255, 255]],
      ];
  return [[without(glyph, badgeRoom), colour], ...badgeLayers];
}

function appLayers() {
  return [
    [onGrid(box(16, 16, 16, 16, 7)), [15, 92, 140]],
    [onGrid(containers), [246, 249, 251]],
    [onGrid(water), [143, 208, 245]],
  ];
}

/** RGBA, each pixel the mean of 16 points. */
function paint(size, layers) {
  const pixels = Buffer.alloc(size * size * 4);
  const points = [0.125, 0.375, 0.625, 0.875];
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const sum = [0, 0, 0, 0];
      for (const dy of points) {
        for (const dx of points) {
          const layer = layers.findLast(([shape]) => shape((x + dx) / size, (y + dy) / size) < 0);
          if (layer) [...layer[1], 255].forEach((value, index) => (sum[index] += index < 3 ? value : 1));
        }
      }
      const hits = sum[3];
      if (hits === 0) continue;
      pixels.set(
        [sum[0] / hits, sum[1] / hits, sum[2] / hits, (hits / 16) * 255].map(Math.round),
        (y * size + x) * 4,
      );
    }
  }
  return png(size, pixels);
}

function png(size, pixels) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const rows = Array.from({ length: size }, (_, y) =>
    Buffer.concat([Buffer.of(0), pixels.subarray(y * size * 4, (y + 1) * size * 4)]),
  );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

const save = (name, size, layers) => writeFileSync(join(import.meta.dirname, name), paint(size, layers));

save("icon.png", 1024, appLayers());
// Linux desktops look for their own sizes, and few look further.
mkdirSync(join(import.meta.dirname, "icons"), { recursive: true });
for (const size of [16, 32, 48, 64, 128, 256, 512]) save(`icons/${size}x${size}.png`, size, appLayers());
for (const state of ["idle", "active", "paused", "error"]) {
  const looks = { light: [[40, 40, 40], false], dark: [[238, 238, 238], false], Template: [[0, 0, 0], true] };
  for (const [look, [colour, template]] of Object.entries(looks)) {
    const name = template ? `tray-${state}Template` : `tray-${state}-${look}`;
    const size = template ? 16 : 24;
    save(`${name}.png`, size, trayLayers(state, colour, template));
    save(`${name}@2x.png`, size * 2, trayLayers(state, colour, template));
  }
}
