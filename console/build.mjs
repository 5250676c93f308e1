// Builds the page: `node build.mjs [FOLDER]` writes index.html and assets/NAME-HASH.* there (default: dist).
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

const common = {
  absWorkingDir: here,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  logLevel: "warning",
};

// In a worker of ours there is no need for workers made of text, which the content policy forbids.
const inOneThread = {
  alias: {
    "fflate": "./src/import/fflate.ts",
  },
};

/** Builds into `into` and returns the names of the files behind the page. */
export async function buildConsole(into) {
  const outdir = join(into, "assets");
  await rm(into, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const worker = await build({ ...common, ...inOneThread, entryPoints: { table: "src/import/worker.ts" }, outdir });
  const page = await build({
    ...common,
    entryPoints: { console: "src/main.tsx" },
    outdir,
    define: { TABLE_WORKER: JSON.stringify(entry(worker, outdir, ".js")) },
  });
  const icon = await hashed(outdir, "icon", "svg", await readFile(join(here, "src/icon.svg"), "utf8"));
  const licences = await hashed(outdir, "licences", "txt", await licencesOf([worker, page]));
  const html = (await readFile(join(here, "src/index.html"), "utf8"))
    .replaceAll("{script}", entry(page, outdir, ".js"))
    .replaceAll("{style}", entry(page, outdir, ".css"))
    .replaceAll("{icon}", icon)
    .replaceAll("{licences}", licences);
  await writeFile(join(into, "index.html"), html);
  return (await readdir(outdir)).sort();
}

/** Writes a file whose name holds a hash of its content. */
async function hashed(outdir, name, end, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  await writeFile(join(outdir, `${name}-${hash}.${end}`), content);
  return `${name}-${hash}.${end}`;
}

/** The licences of the packages that are inside what was built. */
async function licencesOf(results) {
  const inputs = results.flatMap(({ metafile }) => Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)));
  const names = new Set(inputs.map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]).filter(Boolean));
  const texts = [...names].sort().map(async (name) => {
    const folder = join(here, "node_modules", name);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version}\n\n${file ? (await readFile(join(folder, file), "utf8")).trim() : ""}\n`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

function entry(result, outdir, end) {
  const outputs = Object.entries(result.metafile.outputs);
  const found = outputs.find(([name, output]) =>
    end === ".css" ? name.endsWith(".css") : output.entryPoint && name.endsWith(end),
  );
  return relative(outdir, join(here, found[0]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const into = process.argv[2] ?? join(here, "dist");
  for (const name of await buildConsole(into)) console.log(name);
}
