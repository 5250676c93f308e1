// Mending what failed: one order alone, two together, one dropped and taken back, one made by hand.
import assert from "node:assert/strict";
import { api, csv, importFile, leave, look, rows, scene, unique, until } from "./stage.mjs";
import { refuseOrders, station, submitTo } from "./station.mjs";

async function failedBatch() {
  const page = await look("#/import");
  const wrong = { 1: { 2: "D999" }, 3: { 3: "-1" }, 5: { 1: "S999" }, 6: { 3: "一袋" } };
  await importFile(page, "mend.csv", Buffer.from(csv(await rows(8, { wrong }))));
  await page.locator(".back-again a").click();
  await page.locator("#row-3 .c-no").waitFor();
  return page;
}

const open = (page, place) => page.locator(`#row-${place}`).click();
/** Waits until the first row is the order with this number. */
const firstRow = (page, number) => page.locator("#row-0 .c-index", { hasText: new RegExp(`^${number}$`) }).waitFor();
const wrongField = (page) => page.locator(".panel input[aria-invalid=true]");
const counts = (page, text) => page.locator(".segments", { hasText: text }).waitFor();

scene("an order is mended in place, and two more together, without the batch being sent again", async () => {
  const page = await failedBatch();
  const sent = [];
  page.on("request", (request) => /batch\/(submit|amend)$/.test(request.url()) && sent.push(request.url().split("/").at(-1)));
  await open(page, 0);
  await page.locator(".panel .wrong", { hasText: "D999" }).waitFor();
  await wrongField(page).fill("D001");
  await page.locator(".panel button.primary", { hasText: "提交修改" }).click();
  await counts(page, /成功\s*5\s*失败\s*3/);
  await firstRow(page, 4);
  await open(page, 0);
  await wrongField(page).fill("30");
  await open(page, 1);
  await wrongField(page).fill("S001");
  await page.getByText("2 单已修改，未提交").waitFor();
  await page.locator(".drafts button.primary").click();
  await counts(page, /成功\s*7\s*失败\s*1/);
  assert.deepEqual(sent, ["amend", "amend", "amend"]);
  await leave(page);
});

scene("orders of a closed batch stay cancelled when others of it are mended together", async () => {
  const [id, task] = [unique("C").replaceAll("-", ""), unique("closed")];
  const order = await station(id);
  const { mend } = await refuseOrders(id);
  try {
    // The first chunk has only orders that fail; the second cannot be stored, so that the close finds it open.
    await submitTo(id, task, Array.from({ length: 102 }, (_, n) => order(`${task}-${n}`, n < 100 ? "D999" : "D1")));
    const now = async () => (await api("/async_task/detail", { user_task_id: task, station_id: id, limit: 1 })).counts;
    await until("the first chunk is worked", async () => (await now()).failed === 100);
    await api("/async_task/close", { user_task_id: task, station_id: id });
    await mend();
    const page = await look(`#/task/${task}`, { station: id });
    await page.locator("#row-1 .c-no").waitFor();
    for (const place of [0, 1]) {
      await open(page, place);
      await wrongField(page).fill("D1");
    }
    await page.locator(".drafts", { hasText: "2 单已修改，未提交" }).locator("button.primary").click();
    await counts(page, /成功\s*2\s*失败\s*98.*已取消\s*2/);
    assert.equal((await now()).cancelled, 2);
    await leave(page);
  } finally {
    await mend();
  }
});

scene("an edit outlives that its order is dropped and taken back, and is discarded only after a question", async () => {
  const page = await failedBatch();
  const drafts = page.locator(".drafts", { hasText: "1 单已修改，未提交" });
  await open(page, 0);
  await wrongField(page).fill("D001");
  await drafts.waitFor();
  await page.locator(".panel button", { hasText: "忽略" }).click();
  await counts(page, /忽略\s*1/);
  await drafts.waitFor({ state: "detached" });
  await page.locator(".note button", { hasText: "撤销" }).click();
  await counts(page, /成功\s*4\s*失败\s*4/);
  await firstRow(page, 2);
  await open(page, 0);
  await until("the edit is there again", async () => (await wrongField(page).inputValue()) === "D001");
  await drafts.locator("button", { hasText: "放弃修改" }).click();
  await page.locator("dialog", { hasText: "放弃 1 单未提交的修改" }).locator("button.danger").click();
  await drafts.waitFor({ state: "detached" });
  await until("the order is as it was sent", async () => (await wrongField(page).inputValue()) === "D999");
  await leave(page);
});

scene("a change of a price is shown as one, and cannot be mended", async () => {
  const task = unique("prices");
  await api("/station/sku/batch/price", { task_id: task, station_id: "T1", items: [{ sku_id: "D999", sale_price: "1.95" }] });
  const page = await look(`#/task/${task}`);
  await page.locator(".vhead", { hasText: "新价格" }).waitFor();
  await page.locator("#row-0", { hasText: "D999" }).locator(".chip.bad").click();
  await page.locator(".panel .wrong", { hasText: "D999" }).waitFor();
  await page.locator(".panel").getByText("1.95").waitFor();
  assert.equal(await page.locator(".panel footer").count(), 0);
  await leave(page);
});

scene("an order is dropped and taken back, and another made by hand", async () => {
  const page = await failedBatch();
  await open(page, 2);
  await page.locator(".panel button", { hasText: "忽略" }).click();
  await counts(page, /失败\s*3.*忽略\s*1|忽略\s*1/);
  await page.locator(".note button", { hasText: "撤销" }).click();
  await counts(page, /失败\s*4/);
  const made = await api("/station/order/batch/result", { task_id: await ownId(page), status: "success", limit: 1 });
  await open(page, 0);
  await page.locator(".panel button", { hasText: "已手工下单" }).click();
  await page.locator(".panel form input").fill(made.details[0].order_no);
  await page.locator(".panel form button.primary").click();
  await counts(page, /手工处理\s*1/);
  await leave(page);
});

scene("the error that is most is found by its count, and filters the orders", async () => {
  const page = await failedBatch();
  await page.locator(".code", { hasText: "商品不存在" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".vrow").length === 1);
  assert.match(page.url(), /code=SKU_NOT_FOUND/);
  await leave(page);
});

scene("the table is walked by keyboard, and the panel closed with Escape", async () => {
  const page = await failedBatch();
  await page.locator(".vtable").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const wrong = page.locator(".panel input[aria-invalid=true]:focus");
  await wrong.waitFor();
  await page.locator(".vtable").focus();
  await page.keyboard.press("ArrowDown");
  await page.locator(".panel h3", { hasText: "第 6 单" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), "vtable");
  await page.keyboard.press("Enter");
  await wrong.waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".panel").waitFor({ state: "detached" });
  await leave(page);
});

async function ownId(page) {
  return page.locator(".facts code", { hasText: "file-" }).textContent();
}
