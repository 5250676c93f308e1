import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CallError } from "../../src/base/client.ts";
import { signedIn } from "../../src/base/sign-in.ts";
import { draftOf, drafts, forget, keep, sendDrafts } from "../../src/data/drafts.ts";
import { keyOf } from "../../src/data/order.ts";
import { readItem, type Item } from "../../src/data/task.ts";
import { busy, play, refused } from "./service.ts";

const item = (index: number, order: object = { out_order_no: `A${index}`, address_id: "S9" }): Item =>
  readItem({ index, status: "failed", order_no: null, order_id: null, ...order });
const mended = (index: number) => ({ ...item(index).order, address_id: "S1" });
const done = { code: 0, data: { counts: {} } };

beforeEach(() => {
  forget("7");
  for (const index of [1, 3, 5]) keep("7", item(index), mended(index));
});

test("each draft mends its own order, named by its index and its number, and nothing else of the batch", async () => {
  const calls = play(() => done);
  assert.deepEqual(await sendDrafts("7"), { sent: 3, error: undefined });
  assert.deepEqual(calls.map(({ path }) => path), Array(3).fill("/station/order/batch/amend"));
  assert.deepEqual(calls[1]?.parameters, { task_id: "7", index: 3, out_order_no: "A3", order_data: mended(3) });
  assert.equal(drafts.value.get("7")?.size, 0);
});

test("a draft that is refused stays, and the next one is sent", async () => {
  play(({ parameters }) => (parameters["index"] === 1 ? refused : done));
  const { sent, error } = await sendDrafts("7");
  assert.equal(sent, 2);
  assert.ok(error instanceof CallError && error.word === "ORDER_NOT_FOUND");
  assert.deepEqual([...(drafts.value.get("7")?.keys() ?? [])], [1]);
});

test("while the service is busy the rest stays", async () => {
  const calls = play(({ parameters }) => (parameters["index"] === 3 ? busy : done));
  assert.equal((await sendDrafts("7")).sent, 1);
  assert.equal(calls.length, 2);
  assert.deepEqual([...(drafts.value.get("7")?.keys() ?? [])], [3, 5]);
});

test("a draft is not shown for another order that has its index by now", () => {
  assert.deepEqual(draftOf("7", item(3)), mended(3));
  assert.equal(draftOf("7", item(3, { out_order_no: "A4", address_id: "S9" })), undefined);
});

test("an edit that was taken back is no draft", () => {
  keep("7", item(3), item(3).order);
  assert.equal(draftOf("7", item(3)), undefined);
});

test("a person who signs out leaves no drafts behind", () => {
  signedIn.set("yes");
  assert.equal(drafts.value.get("7")?.size, 3);
  signedIn.set("no");
  assert.equal(drafts.value.size, 0);
});

test("an order is known by its number, else its address, unless neither can be named", () => {
  assert.deepEqual(keyOf({ out_order_no: " A1 ", address_id: "S1" }), { out_order_no: "A1" });
  assert.deepEqual(keyOf({ out_order_no: 17 }), { out_order_no: "17" });
  assert.deepEqual(keyOf({ out_order_no: "x".repeat(65), address_id: "S1" }), { address_id: "S1" });
  assert.deepEqual(keyOf({ out_order_no: "", address_id: ["S1"] }), {});
});
