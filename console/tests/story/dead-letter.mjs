// A dead letter: the orders of a station of its own cannot be stored, workers give up, and an operator finds out why.
import assert from "node:assert/strict";
import { api, leave, look, scene, sql, unique, until } from "./stage.mjs";

/** A procedure that a trigger calls does not exist. */
const MISSING = 1305;

/** A station beside the demo station, with its cycle, address and product. */
async function station(id) {
  const limits = { order_time_limit: { start: "00:00", end: "23:59", e_span_time: 0 }, receive_time_limit: { start: "00:00", end: "23:59", s_span_time: 0, e_span_time: 9, weekdays: 127 } };
  await api("/reference/load", { stations: [{
    station_id: id,
    time_configs: [{ id: `${id}-DAILY`, name: "daily", type: 1, enabled: true, ...limits }],
    addresses: [{ address_id: "S1", name: "S1", can_order: true }],
    skus: [{ sku_id: "D1", name: "D1", sale_unit: "kg", sale_price: "2.50", sale_num_least: "0.01", on_sale: true, time_config_id: null }],
  }] });
}

/** Submits orders that the database refuses to store, as when somebody forgot a procedure; it goes on refusing until `mend`. */
async function plant(id, task) {
  await station(id);
  const trigger = `story_${id.toLowerCase()}`;
  await sql(`DELIMITER //
    CREATE TRIGGER ${trigger} BEFORE INSERT ON tbl_order FOR EACH ROW
    IF NEW.station_id = '${id}' THEN SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = ${MISSING}, MESSAGE_TEXT = 'PROCEDURE app.price does not exist'; END IF//`);
  const { time_configs: [{ receive_to: day }] } = await api("/station/time_config/list", { station_id: id });
  const order = (n) => ({ address_id: "S1", out_order_no: `${task}-${n}`, receive_begin_time: `${day} 08:00`, receive_end_time: `${day} 09:00`, details: [{ sku_id: "D1", amount: "2" }] });
  await api("/station/order/batch/submit", { task_id: task, station_id: id, time_config_id: `${id}-DAILY`, order_data: [0, 1, 2].map(order) });
  return { mend: () => sql(`DROP TRIGGER ${trigger}`) };
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
    await mend().catch(() => undefined);
  }
});
