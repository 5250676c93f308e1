// What the scenes share: the browser, the API, the database behind it, a target of callbacks, a file of orders.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch, local, open } from "../browser.mjs";

export const base = process.env.BASE_URL ?? "http://127.0.0.1:9000";
export { local };
let browser;

export const scenes = [];
/** A scene that others may run beside. */
export function scene(name, play) {
  scenes.push({ name, play });
}

export const timed = [];
/** A scene that measures, and so runs alone. */
export function alone(name, play) {
  timed.push({ name, play });
}

/** Opens the console at an address behind `#`. */
export async function look(hash, options = {}) {
  browser ??= launch();
  const page = await open(await browser, options);
  if (options.before) await options.before(page);
  await page.goto(`${base}/console${hash}`);
  return page;
}

export async function end() {
  await (await browser)?.close();
}

export async function leave(page) {
  assert.deepEqual(page.faults, [], "the page's own errors");
  await page.context().close();
}

/** Calls the API as another system does. */
export async function api(path, parameters) {
  const response = await fetch(base + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(parameters) });
  const { code, msg, data } = await response.json();
  assert.equal(code, 0, `${path}: ${msg}`);
  return data;
}

/** The answer of a service whose database is away. */
export const busy = { status: 503, json: { code: 2, msg: "the service is busy", error: "SYSTEM_BUSY", request_id: "story" } };

/** Leaves a page that saw the service fail on purpose: `fault` is a part of what the browser says of it. */
export async function leaveAfter(page, fault) {
  page.faults = page.faults.filter((text) => !text.includes(fault));
  await leave(page);
}

/** Runs statements on the stack's own database server, as the owner of the schema. */
export async function sql(statements) {
  const client = fileURLToPath(new URL("../../../shared/local/mysql.sh", import.meta.url));
  const { stdout } = await promisify(execFile)(client, ["sql", "-N", "-B", "-D", "app", "-e", statements]);
  return stdout.trim();
}

/** Asks until there is an answer that is true. */
export async function until(what, ask, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`not within ${seconds} s: ${what}`);
}

/** Declares a callback whose target answers with these statuses, then with 204. */
export async function target(name, statuses) {
  const told = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => {
      told.push({ id: request.headers["webhook-id"], body: JSON.parse(Buffer.concat(parts)) });
      response.writeHead(statuses[told.length - 1] ?? 204).end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  await api("/task/callback/set", { name, url: `http://127.0.0.1:${server.address().port}/hooks`, secret: "demo" });
  return told;
}

/** The last day on which an order placed now may be received. */
export async function day() {
  const { time_configs } = await api("/station/time_config/list", { station_id: "T1" });
  return time_configs.find((one) => one.time_config_id === "T1-DAILY").receive_to;
}

const run = Date.now().toString(36);
let last = 0;
/** A name that no other scene and no other run has. */
export function unique(name) {
  last += 1;
  return `${name}-${run}-${last}`;
}

/** Rows of a file: a header and one line an order; `wrong` maps an order's place to cells that replace its own. */
export async function rows(count, { prefix = unique("R"), wrong = {}, day: on } = {}) {
  const date = on ?? (await day());
  const header = ["订单号", "收货地址", "商品编号", "数量", "收货开始时间", "收货结束时间", "备注", "业务员"];
  const row = (_, n) => ({
    ...{ 0: `${prefix}-${n}`, 1: `S${String((n % 9) + 1).padStart(3, "0")}`, 2: `D${String((n % 6) + 1).padStart(3, "0")}`, 3: "20", 4: `${date} 09:00`, 5: `${date} 11:00`, 6: "放门口, 谢谢", 7: "小王" },
    ...wrong[n],
  });
  return [header, ...Array.from({ length: count }, row).map(Object.values)];
}

export function csv(rows, separator = ",") {
  return rows.map((row) => row.map((cell) => (/[",;\t\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(separator)).join("\r\n");
}

/** Text in GB18030, which Node cannot write: the table is made by reading every pair of bytes. */
export function gb18030(text) {
  const decoder = new TextDecoder("gb18030");
  const pairs = new Map();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail !== 0x7f) pairs.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail]);
    }
  }
  return Buffer.from([...text].flatMap((character) => (character < "\x80" ? [character.charCodeAt(0)] : pairs.get(character))));
}

/** Chooses a file, sends it and waits for its end. */
export async function importFile(page, name, buffer, timeout = 20_000) {
  await page.setInputFiles("input[type=file]", { name, mimeType: "application/octet-stream", buffer });
  await sendFile(page, timeout);
}

/** Chooses the operating cycle that is always open: the page does so by itself only while no other takes orders. */
export async function chooseCycle(page) {
  await page.locator("label.cycle", { hasText: "T1-DAILY" }).locator("input").check();
}

/** Begins to send the file that was chosen. */
export async function beginSending(page, timeout = 20_000) {
  const button = page.locator(".sendbar button.primary");
  await button.waitFor();
  await chooseCycle(page);
  await page.waitForFunction(() => !document.querySelector(".sendbar button.primary")?.disabled, null, { timeout });
  await button.click();
}

/** Sends the file that was chosen, and waits for its end. */
export async function sendFile(page, timeout = 20_000) {
  await beginSending(page, timeout);
  await page.locator(".back-again").waitFor({ timeout });
}

export async function download(page, click) {
  const [file] = await Promise.all([page.waitForEvent("download"), click()]);
  const stream = await file.createReadStream();
  const parts = [];
  for await (const part of stream) parts.push(part);
  return { name: file.suggestedFilename(), bytes: Buffer.concat(parts) };
}
