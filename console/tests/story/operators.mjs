// Operators: all stations at once, queues paused and resumed, failed tasks run again after a question.
import assert from "node:assert/strict";
import { api, leave, look, scene, unique } from "./stage.mjs";

scene("an operator sees the tasks of all stations", async () => {
  const name = unique("跨站");
  await api("/task/add", { station_id: "T9", task_name: name, input: "1" });
  const page = await look("#/tasks", { station: "" });
  await page.locator("tr", { hasText: name }).locator(".mark", { hasText: "T9" }).waitFor();
  await leave(page);
});

scene("a queue is paused, and the pause taken back", async () => {
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

scene("failed tasks of a queue run again, after the page has said how many", async () => {
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

scene("the overview shows a run that fails, with its error, its queue and its station", async () => {
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
