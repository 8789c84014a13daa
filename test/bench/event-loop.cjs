// Runs before `serve` and watches its event loop; at SIGUSR2 it says the longest stall since the last time, and starts anew.
const { monitorEventLoopDelay } = require("node:perf_hooks");

const resolution = 1;
const loop = monitorEventLoopDelay({ resolution });
loop.enable();

process.on("SIGUSR2", () => {
  process.stderr.write(`longest stall ${Math.max(0, loop.max / 1e6 - resolution).toFixed(3)} ms\n`);
  loop.reset();
});
