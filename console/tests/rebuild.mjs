// The committed files of the page are, byte for byte, those that a build makes.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { buildConsole } from "../build.mjs";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const fresh = fileURLToPath(new URL("../../.local/console/rebuilt/", import.meta.url));

test("dist/ holds what a build makes (`make console` writes it)", async () => {
  const made = ["index.html", ...(await buildConsole(fresh)).map((name) => `assets/${name}`)];
  const committed = (await readdir(dist, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`.replace(/\/+/g, "/").slice(dist.length));
  assert.deepEqual(committed.sort(), made.sort());
  for (const name of made) assert.ok((await readFile(dist + name)).equals(await readFile(fresh + name)), name);
});
