// Mending what failed: one order alone, two together, one dropped and taken back, one made by hand.
import assert from "node:assert/strict";
import { api, csv, importFile, leave, look, rows, scene } from "./stage.mjs";

async function failedBatch() {
  const page = await look("#/import");
  const wrong = { 1: { 2: "D999" }, 3: { 3: "-1" }, 5: { 1: "S999" }, 6: { 3: "一袋" } };
  await importFile(page, "mend.csv", Buffer.from(csv(await rows(8, { wrong }))));
  await page.locator(".back-again a").click();
  await page.locator("#row-3 .c-no").waitFor();
  return page;
}

const open = (page, place) => page.locator(`#row-${place}`).click();
const wrongField = (page) => page.locator(".panel input[aria-invalid=true]");
const counts = (page, text) => page.locator(".segments", { hasText: text }).waitFor();

scene("an order is mended in place, and two more together under the same id", async () => {
  const page = await failedBatch();
  await open(page, 0);
  await page.locator(".panel .wrong", { hasText: "D999" }).waitFor();
  await wrongField(page).fill("D001");
  await page.locator(".panel button.primary", { hasText: "提交修改" }).click();
  await counts(page, /成功\s*5\s*失败\s*3/);
  await open(page, 0);
  await wrongField(page).fill("30");
  await open(page, 1);
  await wrongField(page).fill("S001");
  await page.getByText("2 单已修改，未提交").waitFor();
  await page.locator(".drafts button.primary").click();
  await counts(page, /成功\s*7\s*失败\s*1/);
  await page.getByText("第 2 次运行").or(page.getByText("第 1 次运行")).first().waitFor();
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
  await page.locator(".panel .wrong").first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".panel").waitFor({ state: "detached" });
  await leave(page);
});

async function ownId(page) {
  return page.locator(".facts code", { hasText: "file-" }).textContent();
}
