// Signing in at an issuer played here, through the gateway's rules played here: a token's station, and its expiry.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { api, base, leave, leaveAfter, look, scene, unique, until } from "./stage.mjs";

const issuer = `${base}/issuer`;
const json = (body, status = 200) => ({ status, contentType: "application/json", body: JSON.stringify(body) });
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Plays the issuer and the gateway for one page. Tokens that last only some `seconds` can be renewed, from the second try on. */
async function play(page, claims, seconds = 0) {
  const state = { expired: false, challenge: "", tokens: 0, renewals: 0 };
  await page.route("**/console/config.json", (route) => route.fulfill(json({
    version: "0.1.0", local: false, time_zone: "Asia/Shanghai", operator: false,
    claims: { station: "station_id", operator: "operator", name: "name" },
    sign_in: { issuer, client_id: "console", scopes: "openid profile" },
  })));
  await page.route("**/issuer/.well-known/openid-configuration", (route) => route.fulfill(json({
    issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"], code_challenge_methods_supported: ["S256"],
  })));
  await page.route("**/issuer/authorize*", (route) => {
    const asked = new URL(route.request().url()).searchParams;
    state.challenge = asked.get("code_challenge");
    const back = new URL(asked.get("redirect_uri"));
    back.searchParams.set("code", "c0de");
    back.searchParams.set("state", asked.get("state"));
    return route.fulfill({ status: 302, headers: { location: back.href } });
  });
  await page.route("**/issuer/token", (route) => {
    const asked = new URLSearchParams(route.request().postData());
    const token = () => {
      state.tokens += 1;
      state.expired = false;
      const lasts = seconds > 0 ? { expires_in: seconds, refresh_token: "r3fresh" } : { expires_in: 3600 };
      return json({ access_token: `${part({})}.${part({ ...claims, n: state.tokens })}.x`, token_type: "bearer", ...lasts });
    };
    if (asked.get("refresh_token") === "r3fresh") {
      state.renewals += 1;
      return route.fulfill(state.renewals === 1 ? json({ message: "busy" }, 503) : token());
    }
    const proof = createHash("sha256").update(asked.get("code_verifier") ?? "").digest("base64url");
    if (asked.get("code") !== "c0de" || proof !== state.challenge) return route.fulfill(json({ error: "invalid_grant" }, 400));
    return route.fulfill(token());
  });
  await page.route(/\/(async_task|station)\//, (route) => {
    const token = route.request().headers()["authorization"];
    if (!token || state.expired) return route.fulfill(json({ message: "Unauthorized" }, 401));
    return route.continue({ headers: { ...route.request().headers(), "x-station-id": claims.station_id } });
  });
  return state;
}

scene("a person signs in, sees the own station only, and signs in again when the token is over", async () => {
  const name = unique("早班");
  const { task_id } = await api("/task/add", { station_id: "T1", task_name: name, input: "1" });
  let played;
  const before = async (page) => void (played = await play(page, { station_id: "T1", name: "王芳" }));
  const page = await look(`#/tasks?q=${encodeURIComponent(name)}`, { station: null, before });
  await page.locator("button", { hasText: "登录" }).click();
  await page.getByText(name).waitFor();
  assert.ok(!page.url().includes("c0de"), "the code leaves the address");
  await page.locator(".who", { hasText: "王芳" }).waitFor();
  assert.equal(await page.locator(".station").count(), 0);
  assert.equal(await page.locator("nav a", { hasText: "队列" }).count(), 0);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.ok(!kept.includes("."), `no token is kept: ${kept}`);
  await page.goto(`${base}/console#/task/${task_id}`);
  await page.getByRole("heading", { name }).waitFor();
  played.expired = true;
  await api("/task/start", { task_id });
  await page.locator(".banner.warn", { hasText: "登录已过期" }).waitFor({ timeout: 30_000 });
  await page.getByRole("heading", { name }).waitFor();
  await page.locator(".banner.warn button").click();
  await page.locator(".banner.warn").waitFor({ state: "detached" });
  await page.locator("h1 .chip", { hasText: "进行中" }).waitFor();
  assert.equal(played.tokens, 2);
  await leaveAfter(page, "401");
});

scene("a token is renewed before it is over, also when the first try fails", async () => {
  let played;
  // A minute before its end, that is after the 5 s that are waited at least.
  const before = async (page) => void (played = await play(page, { station_id: "T1", name: "王芳" }, 61));
  const page = await look("#/tasks", { station: null, before });
  await page.locator("button", { hasText: "登录" }).click();
  await page.locator(".who", { hasText: "王芳" }).waitFor();
  await until("the token is renewed", () => played.tokens === 2, 20);
  assert.equal(played.renewals, 2);
  await page.locator(".who button", { hasText: "退出" }).click();
  await page.getByText("请先登录").waitFor();
  await leaveAfter(page, "503");
});

scene("an issuer that says no is told in words", async () => {
  const before = async (page) => {
    await play(page, { station_id: "T1" });
    await page.route("**/issuer/authorize*", (route) => {
      const asked = new URL(route.request().url()).searchParams;
      return route.fulfill({ status: 302, headers: { location: `${asked.get("redirect_uri")}?error=access_denied&state=${asked.get("state")}` } });
    });
  };
  const page = await look("#/tasks", { station: null, before });
  await page.locator("button", { hasText: "登录" }).click();
  await page.getByText("登录没有成功").waitFor();
  await leave(page);
});
