// A Berth in a process of its own, on the folder and port it is told, until it is killed.
import { startBerth } from "../harness.ts";

const [dataDir = "", port = ""] = process.argv.slice(2);
void startBerth({ dataDir, listen: { host: "127.0.0.1", port: Number(port) } }).then(() => {
  console.log("ready");
});
