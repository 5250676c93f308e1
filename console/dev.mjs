// Serves the page while it is being written: builds anew at each load, passes everything else to a local stack.
//   API=http://127.0.0.1:9000 PAGE_PORT=9080 node dev.mjs
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildConsole } from "./build.mjs";

const api = new URL(process.env.API ?? "http://127.0.0.1:9000");
const port = Number(process.env.PAGE_PORT ?? 9080);
const dist = fileURLToPath(new URL("../.local/console/dev", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

createServer(async (asked, answer) => {
  const { pathname } = new URL(asked.url, "http://page");
  if (pathname === "/console" || pathname.startsWith("/console/assets/")) {
    if (pathname === "/console") await buildConsole(dist);
    const name = pathname === "/console" ? "index.html" : pathname.slice("/console/".length);
    const body = await readFile(join(dist, name)).catch(() => undefined);
    answer.writeHead(body ? 200 : 404, {
      "content-type": `${types[extname(name)] ?? "text/plain"}; charset=utf-8`,
      "content-security-policy": policy,
    });
    answer.end(body);
    return;
  }
  if (pathname === "/console/config.json") {
    answer.writeHead(200, { "content-type": "application/json" });
    answer.end(JSON.stringify({ version: "dev", local: true, time_zone: "Asia/Shanghai", operator: true, max_orders: 10_000, claims: {}, sign_in: null }));
    return;
  }
  const headers = { ...asked.headers, host: api.host };
  delete headers.origin;
  const passed = request({ host: api.hostname, port: api.port, path: asked.url, method: asked.method, headers }, (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  passed.on("error", () => answer.writeHead(502).end());
  asked.pipe(passed);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/console`));
