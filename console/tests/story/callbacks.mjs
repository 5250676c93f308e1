// Callbacks: a target that fails first, on the page of its task and on the operators' own.
import assert from "node:assert/strict";
import { api, leave, look, scene, target, unique, until } from "./stage.mjs";

async function ended(callback, name) {
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: name, input: "1", callback });
  await api("/task/finish", { task_id, result: { msg: "完成" } });
  return task_id;
}

scene("a task shows a delivery that failed, its answer and its next try", async () => {
  const callback = unique("c").replace(/[^a-z0-9]/g, "");
  await target(callback, [503, 503, 503]);
  const page = await look(`#/task/${await ended(callback, unique("月结"))}`);
  const row = page.locator(".told li", { hasText: callback });
  for (const text of ["待送达", "试了 1 次", "HTTP 503", "上次", "下次"]) await row.getByText(text).first().waitFor();
  assert.equal(await row.locator("button").count(), 0, "it is being tried already");
  await leave(page);
});

scene("an operator sends a delivery again that was held back, and its target is told under the same id", async () => {
  const callback = unique("c").replace(/[^a-z0-9]/g, "");
  const name = unique("日结");
  const told = await target(callback, [410]);
  const task = await ended(callback, name);
  const page = await look(`#/task/${task}`);
  const row = page.locator(".told li", { hasText: callback });
  for (const text of ["已暂停", "HTTP 410"]) await row.getByText(text).first().waitFor();
  await row.locator("button", { hasText: "重发" }).click();
  await page.getByText("没有可重发的").waitFor();
  await api("/task/callback/set", { name: callback, enabled: true });
  await row.locator("button", { hasText: "重发" }).click();
  for (const text of ["已送达", "HTTP 204"]) await row.getByText(text).first().waitFor();
  await leave(page);
  const all = await look("#/queues?tab=callbacks", { station: "" });
  const listed = all.locator(".troubles li", { hasText: name });
  for (const text of ["T1", callback, "task.finished", "已送达"]) await listed.getByText(text).first().waitFor();
  await listed.locator("button", { hasText: "重发" }).click();
  await until("the target is told again", () => told.length === 3);
  assert.equal(new Set(told.map(({ id }) => id)).size, 1);
  await leave(all);
});
