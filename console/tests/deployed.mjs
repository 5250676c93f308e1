// Signs a person in on a deployed page: `node tests/deployed.mjs API PERSON TASK`; ends well when the person sees the task.
// API is the address of the API's stage. A deployment has a host name of its own, which a relay on loopback stands in for.
import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { launch, open } from "./browser.mjs";

const [api, person, task] = process.argv.slice(2);
const relay = createServer((asked, answer) => {
  const { host: _, ...headers } = asked.headers;
  const passed = request(api + asked.url, { method: asked.method, headers }, (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  passed.on("error", () => answer.writeHead(502).end());
  asked.pipe(passed);
});
await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
const browser = await launch();
try {
  const page = await open(browser, { station: null });
  await page.goto(`http://127.0.0.1:${relay.address().port}/console#/tasks`);
  await page.locator("button", { hasText: "登录" }).click();
  await page.locator(".who", { hasText: person }).waitFor({ timeout: 30_000 });
  await page.getByText(task).waitFor({ timeout: 30_000 });
  assert.ok(!page.url().includes("code="), "the code leaves the address");
  assert.equal(await page.locator("nav a", { hasText: "队列" }).count(), 0, "staff are no operators");
  assert.deepEqual(page.faults, []);
} finally {
  await browser.close();
  relay.close();
}
