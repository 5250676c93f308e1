// Builds the unit tests (Node reads no TypeScript before 22.6) and runs them.
import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = fileURLToPath(new URL("../../.local/console/unit/", import.meta.url));
const names = (await readdir(`${here}unit`)).filter((name) => name.endsWith(".test.ts"));
await build({
  entryPoints: names.map((name) => `${here}unit/${name}`),
  outdir,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  outExtension: { ".js": ".mjs" },
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { TABLE_WORKER: '""' },
  banner: { js: browser() },
  logLevel: "warning",
});
const files = names.map((name) => outdir + name.replace(/\.ts$/, ".mjs"));
const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
process.exit(status ?? 1);

/** The few things of a browser that modules look at when they are loaded. */
function browser() {
  return `globalThis.location ??= { hash: "", pathname: "/console", origin: "http://page", search: "" };
globalThis.localStorage ??= { getItem: () => null, setItem: () => undefined };
globalThis.sessionStorage ??= { getItem: () => null, setItem: () => undefined };
globalThis.window ??= new EventTarget();
globalThis.document ??= Object.assign(new EventTarget(), { visibilityState: "visible" });
if (!globalThis.navigator?.languages) Object.defineProperty(globalThis, "navigator", { value: { languages: ["zh-CN"] } });`;
}
