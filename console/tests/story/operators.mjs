// Operators: all stations at once, queues paused and resumed, failed tasks run again after a question.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, leave, look, unique } from "./stage.mjs";

test("an operator sees the tasks of all stations", async () => {
  const name = unique("跨站");
  await api("/task/add", { station_id: "T9", task_name: name, input: "1" });
  const page = await look("#/tasks", { station: "" });
  await page.locator("tr", { hasText: name }).locator(".mark", { hasText: "T9" }).waitFor();
  await leave(page);
});

test("a queue is paused, and the pause taken back", async () => {
  const queue = unique("q").replace(/[^a-z0-9]/g, "");
  await api("/task/queue/set", { queue });
  const page = await look("#/queues", { station: "" });
  const card = page.locator(".queue", { hasText: queue });
  await card.locator("button", { hasText: "暂停" }).click();
  await card.getByText("已暂停").waitFor();
  await page.locator(".note button", { hasText: "撤销" }).click();
  await card.locator("button", { hasText: "暂停" }).waitFor();
  await leave(page);
});

test("failed tasks of a queue run again, after the page has said how many", async () => {
  const queue = unique("f").replace(/[^a-z0-9]/g, "");
  await api("/task/queue/set", { queue, max_attempts: 1 });
  for (const n of [1, 2]) {
    const { task_id } = await api("/task/add", { station_id: "T1", task_name: `失败-${n}`, input: "1", queue });
    const { run_count } = await api("/task/start", { task_id });
    await api("/task/fail", { task_id, run_count, retry: false, msg: "磁盘已满" });
  }
  const page = await look("#/queues", { station: "" });
  const card = page.locator(".queue", { hasText: queue });
  await card.locator("button", { hasText: "重试失败任务" }).click();
  await page.locator("dialog", { hasText: "2 个失败的任务" }).locator("button.primary").click();
  await page.getByText("2 个任务重新开始").waitFor();
  await leave(page);
});

test("the overview shows a run that fails, with its error, its queue and its station", async () => {
  const queue = unique("o").replace(/[^a-z0-9]/g, "");
  const name = unique("对账");
  await api("/task/queue/set", { queue, backoff: "600..3600" });
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: name, input: "1", queue });
  const { run_count } = await api("/task/start", { task_id });
  await api("/task/fail", { task_id, run_count, msg: "连接数据库超时" });
  const page = await look("#/overview", { station: "" });
  const row = page.locator(".troubles li", { hasText: name });
  await row.getByText("连接数据库超时").waitFor();
  assert.match(await row.textContent(), new RegExp(`T1.*${queue}`));
  await leave(page);
});

test("from the overview alone a dead letter is found with its chunk, task, station and cause, and retried", async () => {
  const letter = {
    id: "5", kind: "chunk", station_id: "T7", queue: "order_import", task_id: "9007199254740993", user_task_id: "b-1", task_name: "批量导入", run: 1,
    chunk_no: 3, first_index: 1500, item_count: 500, attempts: 6, worker: "7f1c", cause: "no worker reported an error: its process ended or its time was up",
    create_time: "2026-11-28 15:31:00", failed_items: 500, settled: false,
  };
  const asked = [];
  const page = await look("#/overview", {
    station: "",
    before: async (page) => {
      await page.route("**/async_task/overview", async (route) => {
        const answer = await (await route.fetch()).json();
        answer.data.dead_letters = asked.length === 0 ? [letter] : [];
        return route.fulfill({ json: answer });
      });
      await page.route("**/async_task/retry", (route) => {
        asked.push(route.request().postDataJSON());
        return route.fulfill({ json: { code: 0, msg: "ok", data: { retried: 1, dry_run: false, next_after_id: null }, request_id: "r" } });
      });
    },
  });
  const row = page.locator(".troubles li", { hasText: "b-1" });
  for (const text of ["批量导入", "T7", "order_import", "第 3 块，第 1,501–2,000 单", "its process ended", "试了 6 次后放弃"]) await row.getByText(text).first().waitFor();
  await row.locator("button", { hasText: "重试" }).click();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(asked, [{ task_ids: ["9007199254740993"] }]);
  await leave(page);
});

test("a callback that was given up is told again", async () => {
  const delivery = { delivery_id: 9, webhook_id: "cb_7_1", callback: "erp", task_id: 7, event: "task.finished", outcome: "failed", state: "given_up", tries: 12, http_status: 503, last_error: "target answered 503", create_time: "2026-11-28 15:31:00", try_time: null, next_time: null };
  const asked = [];
  const page = await look("#/queues?tab=callbacks", {
    station: "",
    before: async (page) => {
      await page.route("**/async_task/callback/list", (route) => route.fulfill({ json: { code: 0, msg: "ok", data: [], deliveries: [delivery], next_before: null, request_id: "r" } }));
      await page.route("**/async_task/callback/resend", (route) => {
        asked.push(route.request().postDataJSON());
        return route.fulfill({ json: { code: 0, msg: "ok", data: { resent: 1 }, request_id: "r" } });
      });
    },
  });
  const row = page.locator(".troubles li", { hasText: "erp" });
  for (const text of ["已放弃", "HTTP 503", "target answered 503"]) await row.getByText(text).first().waitFor();
  await row.locator("button").click();
  await page.getByText("已安排重发").waitFor();
  assert.deepEqual(asked, [{ delivery_ids: ["9"] }]);
  await leave(page);
});
