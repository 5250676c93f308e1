// A dead letter: the orders of a station of its own cannot be stored, workers give up, and an operator finds out why.
import assert from "node:assert/strict";
import { api, leave, look, scene, unique, until } from "./stage.mjs";
import { MISSING, refuseOrders, station, submitTo } from "./station.mjs";

/** Submits orders that the database refuses to store until `mend`. */
async function plant(id, task) {
  const order = await station(id);
  const refusal = await refuseOrders(id);
  await submitTo(id, task, [0, 1, 2].map((n) => order(`${task}-${n}`)));
  return refusal;
}

const [id, task] = [unique("D").replaceAll("-", ""), unique("planted")];
// It takes workers a while to give up: they begin while other scenes play.
const planted = plant(id, task);
planted.catch(() => undefined);

scene("from the overview alone a dead letter is found with its chunk, task, station and true cause, and retried", async () => {
  const { mend } = await planted;
  try {
    const page = await look("#/overview", { station: "" });
    const row = page.locator(".troubles li:has(.cause)", { hasText: task });
    await row.waitFor({ timeout: 120_000 });
    const seen = await row.innerText();
    for (const text of ["批量导入", id, "order_import", "第 0 块，第 1–3 单", "3 单失败", "dead letter", `database error ${MISSING}`]) assert.ok(seen.includes(text), `${text}: ${seen}`);
    await mend();
    await row.locator("button", { hasText: "重试" }).click();
    await row.waitFor({ state: "detached" });
    await until("the task ends", async () => (await api("/async_task/get", { user_task_id: task, station_id: id })).result?.success_count === 3);
    await page.goto(page.url().replace("#/overview", "#/queues?tab=deadLetters"));
    await page.locator(".troubles li", { hasText: task }).getByText("已处理").waitFor();
    await leave(page);
  } finally {
    await mend();
  }
});
