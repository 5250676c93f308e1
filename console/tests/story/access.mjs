// Every page for everybody: axe in both themes, 360 pixels, and the keyboard.
import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { csv, leave, look, rows, scene } from "./stage.mjs";

const PAGES = { tasks: "#/tasks", task: "#/task/{demo}", "import": "#/import", queues: "#/queues", "dead letters": "#/queues?tab=deadLetters", callbacks: "#/queues?tab=callbacks", overview: "#/overview" };

async function demo() {
  const page = await look("#/tasks?show=trouble");
  const href = await page.locator("td.name a", { hasText: "批量导入" }).last().getAttribute("href");
  await leave(page);
  return href.split("/").at(-1);
}

let task;
for (const [name, hash] of Object.entries(PAGES)) {
  for (const [theme, language] of [["light", "zh"], ["dark", "en"]]) {
    scene(`axe finds nothing serious on ${name}, ${theme}, ${language}`, async () => {
      task ??= await demo();
      const page = await look(hash.replace("{demo}", task), { theme, language });
      await settle(page);
      if (name === "task") await page.locator("#row-0 .c-no").click();
      if (name === "import") {
        await page.setInputFiles("input[type=file]", { name: "a.csv", mimeType: "text/csv", buffer: Buffer.from(csv(await rows(3, { wrong: { 1: { 3: "x" } } }))) });
        await page.locator(".problems").waitFor();
      }
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`), []);
      await leave(page);
    });
  }
  scene(`${name} fits 360 pixels`, async () => {
    task ??= await demo();
    const page = await look(hash.replace("{demo}", task), { width: 360, height: 740 });
    await settle(page);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
    await leave(page);
  });
}

async function settle(page) {
  await page.locator("h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".state:not(.empty) .loading, .skeleton"));
  await page.waitForTimeout(300);
}

scene("the keyboard reaches everything, beginning with the way to the content", async () => {
  const page = await look("#/tasks");
  await settle(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  await page.keyboard.press("Tab");
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY");
  await leave(page);
});
