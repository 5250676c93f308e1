// Pictures of every page in both languages, both themes and two widths, below .local/console/shots:
//   BASE_URL=http://127.0.0.1:9000 node tests/screenshots.mjs [NAME...]
import { mkdir, readFile } from "node:fs/promises";
import { csv, end, local, look, rows } from "./story/stage.mjs";

const file = async () => ({ name: "早市订单-1129.csv", mimeType: "text/csv", buffer: Buffer.from(csv(await rows(28, { prefix: "A", wrong: { 3: { 3: "一袋" }, 8: { 2: "D999" }, 11: { 3: "-2" } } }))) });
const choose = async (page) => {
  await page.setInputFiles("input[type=file]", await file());
  await page.locator(".problems").waitFor();
};
const PAGES = {
  overview: ["#/overview"],
  tasks: ["#/tasks"],
  task: ["#/task/DEMO"],
  order: ["#/task/DEMO", (page) => page.locator("#row-4").click()],
  plain: ["#/task/PLAIN"],
  import: ["#/import"],
  check: ["#/import", choose],
  queues: ["#/queues"],
  letters: ["#/queues?tab=deadLetters"],
  callbacks: ["#/queues?tab=callbacks"],
};
const wanted = process.argv.slice(2);
const folder = `${local}shots/`;
await mkdir(folder, { recursive: true });

const list = await look("#/tasks");
await list.locator("td.name a").first().waitFor();
const links = await list.locator("td.name a").evaluateAll((all) => all.map((link) => [link.textContent, link.getAttribute("href").split("/").at(-1)]));
const demo = process.env.DEMO ?? links.findLast(([name]) => name === "批量导入")?.[1] ?? "";
const plain = process.env.PLAIN ?? links.find(([name]) => name !== "批量导入")?.[1] ?? "";
await list.context().close();

for (const [name, [hash, act]] of Object.entries(PAGES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const language of ["zh", "en"]) {
    for (const theme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        const page = await look(hash.replace("DEMO", demo).replace("PLAIN", plain), { language, theme, width, height: width === 360 ? 740 : 800 });
        await page.waitForTimeout(700);
        await act?.(page);
        await page.waitForTimeout(250);
        await page.screenshot({ path: `${folder}${name}-${language}-${theme}-${width}.png` });
        if (page.faults.length > 0) console.log(name, page.faults);
        await page.context().close();
      }
    }
  }
}

/** One sheet a page, to look at all at once. */
for (const name of Object.keys(PAGES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const page = await look("#/none", { width: 1960, height: 1100 });
  const picture = async (key, width) => `<img style="width:${width}px;border:1px solid #888;margin:4px;vertical-align:top" src="data:image/png;base64,${(await readFile(`${folder}${name}-${key}.png`)).toString("base64")}">`;
  const keys = ["zh-light", "en-dark", "zh-dark", "en-light"];
  const wide = await Promise.all(keys.map((key) => picture(`${key}-1280`, 720)));
  const narrow = await Promise.all(keys.map((key) => picture(`${key}-360`, 230)));
  const sheet = await page.context().browser().newPage({ viewport: { width: 1960, height: 980 } });
  await sheet.setContent(`<body style="margin:0;display:grid;grid-template-columns:1470px 490px">${`<div>${wide.join("")}</div><div>${narrow.join("")}</div>`}`);
  await sheet.waitForTimeout(300);
  await sheet.screenshot({ path: `${local}sheet-${name}.png` });
  await sheet.close();
  await page.context().close();
}
await end();
