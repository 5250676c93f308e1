// What moves by itself: progress, the end, a service that is away and comes back, a page that is hidden.
import assert from "node:assert/strict";
import { api, busy, leave, leaveAfter, look, scene, unique } from "./stage.mjs";

scene("progress and the end appear without a reload, and data is never HTML", async () => {
  const name = unique("<img src=x onerror=alert(1)>月报").slice(0, 60);
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: name, input: { rows: 3 } });
  const list = await look("#/tasks");
  const page = await look(`#/task/${task_id}`);
  await page.getByRole("heading", { name }).waitFor();
  await api("/task/start", { task_id });
  await api("/task/update", { task_id, field: "progress", value: 40 });
  await page.locator(".live", { hasText: "40%" }).waitFor();
  await list.locator(".percent", { hasText: "40%" }).waitFor({ timeout: 20_000 });
  await api("/task/finish", { task_id, result: { msg: "完成", outcome: "success", rows: [{ a: 1, b: "<b>x</b>" }, { a: 2, b: "=1+1" }], id: 1 } });
  await page.locator("h1 .chip.good").waitFor();
  await page.locator(".tree td", { hasText: "<b>x</b>" }).waitFor();
  assert.equal(await page.locator("main img, main b b").count(), 0);
  await leave(page);
  await leave(list);
});

scene("while the service is away the page says so and keeps what it has; then it goes on", async () => {
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: unique("巡检"), input: "1" });
  await api("/task/start", { task_id });
  const page = await look(`#/task/${task_id}`);
  await page.locator(".live").waitFor();
  await page.context().setOffline(true);
  await page.locator(".banner.warn", { hasText: "连接不上服务" }).waitFor({ timeout: 15_000 });
  await page.locator(".live").waitFor();
  await page.waitForTimeout(3_000);
  await api("/task/update", { task_id, field: "progress", value: 70 });
  await page.context().setOffline(false);
  await page.locator(".live", { hasText: "70%" }).waitFor({ timeout: 15_000 });
  await page.locator(".banner.warn").waitFor({ state: "detached" });
  await leaveAfter(page, "ERR_INTERNET_DISCONNECTED");
});

scene("while the database is away a page says that it is old, and no longer once it is read anew", async () => {
  const page = await look("#/overview", { station: "" });
  await page.locator(".numbers").waitFor();
  await page.route("**/async_task/overview", (route) => route.fulfill(busy));
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.locator(".fault", { hasText: "读取失败，正在自动重试" }).waitFor();
  await page.locator(".numbers").waitFor();
  await page.unroute("**/async_task/overview");
  await page.locator(".fault").waitFor({ state: "detached" });
  await leaveAfter(page, "503");
});

scene("a hidden page asks nothing, and asks at once when it is seen again", async () => {
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: unique("盘库"), input: "1" });
  await api("/task/start", { task_id });
  let asked = 0;
  const page = await look(`#/task/${task_id}`);
  await page.locator(".live").waitFor();
  const see = (state) => page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  await see("hidden");
  await page.waitForTimeout(300);
  page.on("request", () => (asked += 1));
  await page.waitForTimeout(2_500);
  assert.equal(asked, 0);
  await see("visible");
  await page.waitForTimeout(500);
  assert.equal(asked, 1);
  await leave(page);
});
