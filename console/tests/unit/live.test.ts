import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { call, CallError } from "../../src/base/client.ts";
import { IDLE, LIVE, Poller, type Rhythm } from "../../src/base/poller.ts";
import { Items, ITEM_PAGE } from "../../src/data/items.ts";
import { busy, pass, play, refused, settle } from "./service.ts";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** Polls a service that answers only when a test says so. */
function polling(rhythm: Rhythm | "stop" = LIVE) {
  const answers: { resolve: (data: number) => void; reject: (error: unknown) => void }[] = [];
  const shown: unknown[] = [];
  const asked = { ask: () => new Promise<number>((resolve, reject) => answers.push({ resolve, reject })), rhythm: () => rhythm, same: String };
  const poller = new Poller<number>(() => asked, (data) => shown.push(data), (error) => shown.push(error.kind));
  poller.start();
  return { answers, shown, poller };
}

test("a poll that is refreshed while an answer is on its way asks once more after it", async () => {
  const { answers, shown, poller } = polling();
  poller.refresh();
  poller.refresh();
  assert.equal(answers.length, 1);
  answers[0]?.resolve(1);
  await settle();
  assert.equal(answers.length, 2);
  answers[1]?.resolve(2);
  await settle();
  assert.deepEqual(shown, [1, 2]);
  await pass(LIVE.quick);
  assert.equal(answers.length, 3);
  poller.end();
});

test("a poll that has stopped goes on when it is refreshed, also during its last call", async () => {
  const { answers, poller } = polling("stop");
  poller.refresh();
  answers[0]?.resolve(1);
  await settle();
  assert.equal(answers.length, 2);
  answers[1]?.resolve(1);
  await pass(100_000);
  assert.equal(answers.length, 2);
  poller.end();
});

test("a poll asks again after a fault, ever later, and not after a refusal until it is refreshed", async () => {
  const { answers, shown, poller } = polling(IDLE);
  answers[0]?.reject(new CallError("busy", "", ""));
  await pass(999);
  assert.equal(answers.length, 1);
  await pass(1);
  answers[1]?.reject(new CallError("refused", "TASK_NOT_FOUND", ""));
  await pass(100_000);
  assert.equal(answers.length, 2);
  poller.refresh();
  assert.equal(answers.length, 3);
  assert.deepEqual(shown, ["busy", "refused"]);
  poller.end();
});

test("a poll that has ended shows and asks nothing more", async () => {
  const { answers, shown, poller } = polling();
  poller.end();
  answers[0]?.resolve(1);
  await pass(100_000);
  assert.deepEqual([answers.length, shown.length], [1, 0]);
});

test("a call that nobody answers counts as lost after a while", async () => {
  globalThis.fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const lost = assert.rejects(call("/async_task/get"), (error: CallError) => error.kind === "offline");
  await pass(35_000);
  await lost;
});

test("a call that its page gives up is not a lost connection", async () => {
  globalThis.fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const abort = new AbortController();
  const given = assert.rejects(call("/async_task/get", {}, abort.signal), { message: "aborted" });
  abort.abort();
  await given;
});

const item = (index: number) => ({ index, status: "failed", order_no: null, order_id: null, out_order_no: `A${index}`, address_id: "S1" });
const page = (...details: object[]) => ({ code: 0, data: { details, pagination: { total: details.length, next_after_index: null } } });

test("rows that could not be read are read again by themselves, and at once when the connection is back", async () => {
  const answers: unknown[] = [busy, busy, page(item(0))];
  const calls = play(() => answers[calls.length - 1]);
  const items = new Items("7", { status: "failed", code: "" }, 1, () => undefined);
  items.see(0, 10);
  await settle();
  assert.ok(items.error instanceof CallError);
  await pass(1_000);
  assert.equal(calls.length, 2);
  window.dispatchEvent(new Event("online"));
  await settle();
  assert.deepEqual([items.rows.get(0)?.orderNo, items.rows.size, items.error], ["", 1, undefined]);
  items.stop();
  await pass(100_000);
  assert.equal(calls.length, 3);
});

test("rows that were refused are not asked for again and again", async () => {
  const calls = play(() => refused);
  const items = new Items("7", { status: "failed", code: "" }, 1, () => undefined);
  items.see(0, 10);
  await pass(100_000);
  assert.equal(calls.length, 1);
  items.stop();
});

test("rows that were asked for before the batch changed are read again", async () => {
  let answer: (envelope: unknown) => void = () => undefined;
  const calls = play(() => new Promise((resolve) => (answer = resolve)));
  const items = new Items("7", { status: "all", code: "" }, ITEM_PAGE, () => undefined);
  items.see(0, 10);
  await settle();
  items.stale(ITEM_PAGE);
  await settle();
  assert.equal(calls.length, 1);
  answer(page(item(0)));
  await settle();
  assert.equal(calls.length, 2);
  answer(page({ ...item(0), status: "success" }));
  await settle();
  assert.equal(items.rows.get(0)?.status, "success");
  items.see(0, 10);
  await pass(1_000);
  assert.equal(calls.length, 2);
  items.stop();
});
