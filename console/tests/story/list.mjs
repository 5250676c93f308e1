// The task list: how much is loaded, how soon it is there, its filters, and its stations.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { alone, api, base, busy, leave, leaveAfter, look, scene, unique, until } from "./stage.mjs";

alone("the first load is small, and the page is there as soon as a page can be", async (t) => {
  const loaded = [];
  const page = await look("#/tasks", { before: (page) => page.on("response", (response) => response.url().includes("/console") && loaded.push(response)) });
  await page.locator("table.tasks").waitFor();
  const paint = await page.evaluate(painted);
  const bodies = await Promise.all(loaded.map((response) => response.body()));
  const kilobytes = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0) / 1000;
  t.diagnostic(`first load ${kilobytes.toFixed(1)} KB compressed in ${loaded.length} files; first paint ${Math.round(paint.first)} ms, tasks ${Math.round(paint.now)} ms`);
  assert.ok(kilobytes <= 150);
  const word = await page.context().newPage();
  await word.goto("data:text/html,word");
  const least = await word.evaluate(painted);
  // On a busy machine even a word takes its time.
  assert.ok(paint.first < Math.max(1000, 10 * least.first), `${paint.first} ms, a word ${least.first} ms`);
  await leave(page);
});

/** When a page was painted first, and how old it is, in milliseconds. */
async function painted() {
  const first = () => performance.getEntriesByName("first-contentful-paint")[0];
  while (!first()) await new Promise(requestAnimationFrame);
  return { first: first().startTime, now: performance.now() };
}

scene("nothing of the page is inline, and its policy is strict", async () => {
  const response = await fetch(`${base}/console`);
  const html = await response.text();
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'/);
  assert.doesNotMatch(response.headers.get("content-security-policy"), /unsafe/);
  assert.doesNotMatch(html, /<script>|<style|style=| on[a-z]+=/);
});

scene("filters stand in the address, and a name finds its tasks", async () => {
  const name = unique("盘点");
  await api("/task/add", { station_id: "T1", task_name: `${name}-a`, input: "1", tags: ["夜班"] });
  await api("/task/add", { station_id: "T1", task_name: `${name}-b`, input: "2" });
  const page = await look("#/tasks");
  await page.fill("input[type=search]", name);
  await page.waitForFunction((name) => [...document.querySelectorAll("td.name a")].every((link) => link.textContent.startsWith(name)) && document.querySelectorAll("td.name a").length === 2, name);
  assert.ok(decodeURIComponent(page.url()).includes(`q=${name}`));
  const again = await look(new URL(page.url()).hash);
  await again.getByText(`${name}-a`).waitFor();
  await leave(again);
  await leave(page);
});

scene("several tasks are closed at once, after a question", async () => {
  const name = unique("清理");
  for (const n of [1, 2, 3]) await api("/task/add", { station_id: "T1", task_name: `${name}-${n}`, input: "1" });
  const page = await look(`#/tasks?q=${encodeURIComponent(name)}`);
  await page.getByText(`${name}-3`).waitFor();
  await page.locator("thead input[type=checkbox]").check();
  const close = page.locator(".selected button", { hasText: "关闭" });
  await close.click();
  await page.locator("dialog button", { hasText: "不了" }).click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  assert.ok(await close.evaluate((button) => button === document.activeElement), "the focus is where it was before the question");
  await close.click();
  await page.locator("dialog", { hasText: "取消 3 个未结束的任务" }).locator("button.danger").click();
  await page.locator(".empty").waitFor();
  await leave(page);
});

scene("a further page that cannot be read is asked for once, then by the button", async () => {
  const station = unique("P").replaceAll("-", "");
  await api("/task/add", { tasks: Array.from({ length: 31 }, (_, n) => ({ station_id: station, task_name: `翻页-${n}`, input: "1" })) });
  let asked = 0;
  const before = (page) => page.route("**/async_task/list", (route) => {
    if (!("after_id" in route.request().postDataJSON())) return route.continue();
    asked += 1;
    return route.fulfill(busy);
  });
  const page = await look("#/tasks", { before, station });
  const more = page.locator(".more");
  await more.scrollIntoViewIfNeeded();
  await more.getByText("系统繁忙").waitFor();
  await page.waitForTimeout(1_000);
  assert.equal(asked, 1);
  await page.unroute("**/async_task/list");
  await more.locator("button").click();
  await more.waitFor({ state: "detached" });
  assert.equal(await page.locator("td.name a").count(), 31);
  await leaveAfter(page, "503");
});

scene("a filter that matches hardly anything reads a few pages, then one for each click", async () => {
  let asked = 0;
  const before = (page) => page.route("**/async_task/list", (route) => {
    asked += 1;
    return route.fulfill({ json: { code: 0, msg: "ok", data: { tasks: [], finish: true }, pagination: { limit: 30, offset: 0, next_after_id: String(9_000 - asked) } } });
  });
  const page = await look("#/tasks?tag=rare", { before });
  await until("the first pages are read", () => asked === 3);
  await page.waitForTimeout(1_000);
  assert.equal(asked, 3);
  await page.locator(".more button").click();
  await until("the next page is read", () => asked === 4);
  await leave(page);
});

scene("the way back from a task leads to the filtered list", async () => {
  const name = unique("返回");
  await api("/task/add", { station_id: "T1", task_name: name, input: "1" });
  const page = await look(`#/tasks?q=${encodeURIComponent(name)}`);
  await page.locator("td.name a", { hasText: name }).click();
  await page.locator("a.back").click();
  await page.locator("td.name a", { hasText: name }).waitFor();
  assert.equal(await page.locator("input[type=search]").inputValue(), name);
  await leave(page);
});

scene("a second station sees nothing of the first", async () => {
  const page = await look("#/tasks", { station: "T2" });
  await page.getByText("还没有任务").waitFor();
  await page.goto(`${base}/console#/task/demo-none`);
  await page.locator(".failure").waitFor();
  await leave(page);
});
