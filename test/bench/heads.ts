import { connect, type Socket } from "node:net";

/**
 * `heads.ts URL CONNECTIONS SECONDS HEADER…`: asks `HEAD` again and again and says how many answers came, in wrk's words.
 *
 * On bare sockets, so that it takes no more of the machine than wrk does: an answer without a body ends with an empty line.
 */
const [, , url = "", connections = "1", seconds = "1", ...headers] = process.argv;
const { hostname, port, host, pathname } = new URL(url);
const question = Buffer.from([`HEAD ${pathname} HTTP/1.1`, `host: ${host}`, ...headers, "", ""].join("\r\n"));

let answered = 0;
let refused = 0;

function keepAsking(socket: Socket): void {
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    rest += text;
    for (let end = rest.indexOf("\r\n\r\n"); end !== -1; end = rest.indexOf("\r\n\r\n")) {
      if (rest.startsWith("HTTP/1.1 200 ")) answered += 1;
      else refused += 1;
      rest = rest.slice(end + 4);
      socket.write(question);
    }
  });
  socket.write(question);
}

const sockets = Array.from({ length: Number(connections) }, () => {
  const socket = connect(Number(port), hostname, () => keepAsking(socket)).setNoDelay(true);
  return socket;
});
const started = performance.now();
setTimeout(
  () => {
    const took = (performance.now() - started) / 1000;
    sockets.forEach((socket) => socket.destroy());
    if (refused > 0) console.log(`Non-2xx responses: ${refused}`);
    console.log(`Requests/sec: ${answered / took}`);
  },
  Number(seconds) * 1000,
);
