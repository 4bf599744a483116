// A bridge from HTTP to a program that speaks MCP on stdio: the conformance suite only knows servers with an address.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// serve returns the address of the bridge, and a function that ends it. Each session has its own process.
export async function serve(program, args) {
  const sessions = new Map();

  function open() {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const waiting = new Map();
    createInterface({ input: child.stdout }).on("line", (line) => {
      const message = JSON.parse(line); // anything else on standard output fails the check
      waiting.get(message.id)?.(line);
      waiting.delete(message.id);
    });
    child.on("exit", () => waiting.forEach((resolve) => resolve()));
    return { child, waiting };
  }

  async function answer(request, response) {
    let body = "";
    for await (const part of request) body += part;
    if (request.method !== "POST") return response.writeHead(405).end();
    const message = JSON.parse(body);
    let id = request.headers["mcp-session-id"];
    if (message.method === "initialize") {
      id = randomUUID();
      sessions.set(id, open());
    }
    const session = sessions.get(id);
    if (!session) return response.writeHead(404).end();
    session.child.stdin.write(JSON.stringify(message) + "\n");
    if (message.id === undefined) return response.writeHead(202).end();
    const line = await new Promise((resolve) => session.waiting.set(message.id, resolve));
    if (!line) return response.writeHead(502).end();
    response.writeHead(200, { "Content-Type": "application/json", "Mcp-Session-Id": id }).end(line);
  }

  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    for (const { child } of sessions.values()) child.stdin.end();
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, close };
}
