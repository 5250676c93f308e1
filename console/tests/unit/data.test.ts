import assert from "node:assert/strict";
import { test } from "node:test";
import { open, CallError, withStation } from "../../src/base/client.ts";
import { Exact, type Record_ } from "../../src/base/json.ts";
import { IDLE, LIVE, nextWait } from "../../src/base/poller.ts";
import { link, read } from "../../src/base/route.ts";
import { enter, readConfig, config, session } from "../../src/base/session.ts";
import { readDelivery } from "../../src/data/operate.ts";
import { errorsAt, otherErrors, withLine, withValue } from "../../src/data/order.ts";
import { orderOf, readItem, readTask } from "../../src/data/task.ts";
import { endsThinly, isOlder, listParameters, merge, signature, type TaskPage } from "../../src/data/tasks.ts";
import { addedCells, rowsHeader, rowsOf } from "../../src/import/rows-back.ts";
import { between, dayAfter, moment, short } from "../../src/parts/time.ts";
import { canRetry } from "../../src/pages/tasks/selected.tsx";
import { tableColumns } from "../../src/parts/tree.tsx";
import { WORDS } from "../../src/words/words.ts";

const page = (after: string, ids: string[], next: string): TaskPage => ({ after, next, tasks: ids.map((id) => readTask({ task_id: id })) });
const ids = (pages: TaskPage[]) => pages.flatMap((one) => one.tasks.map((task) => task.id));

test("a link holds its filters, and a broken one opens all the same", () => {
  const hash = link(["tasks"], { q: "对账 & co", show: "open", tag: "" });
  assert.deepEqual(read(hash).path, ["tasks"]);
  assert.equal(read(hash).query.get("q"), "对账 & co");
  assert.equal(read(hash).query.has("tag"), false);
  assert.deepEqual(read("#/task/%E0%A4").path, ["task", "%E0%A4"]);
});

test("a name goes before a time, because the API takes one of them", () => {
  assert.deepEqual(listParameters(new URLSearchParams("q=a&from=2026-11-01&show=trouble")), { outcome: "failed,partial", name: "a" });
  assert.deepEqual(listParameters(new URLSearchParams("from=2026-11-01&to=2026-11-02")), { created_from: "2026-11-01 00:00:00", created_to: "2026-11-03 00:00:00" });
});

test("ids are compared as numbers, however long", () => {
  assert.ok(isOlder("9", "10"));
  assert.ok(isOlder("9007199254740992", "9007199254740993"));
  assert.ok(!isOlder("10", "10"));
});

test("tasks that newer ones push off the first page are not lost", () => {
  const pages = [page("", ["6", "5", "4"], "4"), page("4", ["3", "2"], "")];
  assert.deepEqual(ids(merge(pages, page("", ["8", "7", "6"], "6"), true)), ["8", "7", "6", "5", "4", "3", "2"]);
});

test("a task that was closed elsewhere leaves the list", () => {
  const pages = [page("", ["6", "5", "4"], "4"), page("4", ["3"], "")];
  assert.deepEqual(ids(merge(pages, page("", ["6", "4", "3"], "3"), true)), ["6", "4", "3"]);
});

test("pages that hold hardly anything are not followed by more without a click", () => {
  const full = page("", Array.from({ length: 30 }, (_, n) => String(n)), "1");
  const thin = page("9", ["9"], "8");
  assert.equal(endsThinly([thin, thin]), false);
  assert.equal(endsThinly([thin, thin, page("7", [], "6")]), true);
  assert.equal(endsThinly([thin, full, thin]), false);
});

test("a row of the list is shown anew when its counts, its error or its tags change", () => {
  const task = { task_id: "9", status: 3, outcome: "partial", result: { total: 3, success_count: 1, failure_count: 2 } };
  const before = signature([readTask(task)]);
  assert.equal(signature([readTask({ ...task })]), before);
  const changes: Record_[] = [{ result: { total: 3, success_count: 2, failure_count: 1 } }, { last_error: "x" }, { tags: ["夜班"] }];
  for (const change of changes) {
    assert.notEqual(signature([readTask({ ...task, ...change })]), before);
  }
});

test("a task is tried again where the service does so", () => {
  const batch = { status: 3, type: 0, outcome: "partial", result: { total: 3, failure_count: 2 } };
  assert.equal(canRetry(readTask(batch)), true);
  assert.equal(canRetry(readTask({ ...batch, type: 7 })), true);
  assert.equal(canRetry(readTask({ ...batch, outcome: "cancelled" })), false);
  assert.equal(canRetry(readTask({ ...batch, result: { total: 3, failure_count: 0, dropped_count: 1 } })), false);
  assert.equal(canRetry(readTask({ status: 3, type: 0, outcome: "failed", result: { msg: "x" } })), false);
  assert.equal(canRetry(readTask({ status: 3, queue: "report", outcome: "cancelled" })), true);
  assert.equal(canRetry(readTask({ status: 2, queue: "report" })), false);
});

test("the wait doubles while nothing changes, and after each failure", () => {
  assert.deepEqual([0, 2, 3, 4, 9].map((n) => nextWait(LIVE, n, 0)), [1000, 1000, 2000, 4000, 8000]);
  assert.equal(nextWait(IDLE, 20, 0), 60_000);
  assert.deepEqual([1, 2, 3, 9].map((n) => nextWait(IDLE, 0, n)), [1000, 2000, 4000, 30_000]);
});

test("an envelope's refusal is a sentence, a gateway's answer is not", () => {
  assert.throws(() => open(200, '{"code":1,"msg":"no such task","error":"TASK_NOT_FOUND","request_id":"r"}'),
    (error: CallError) => error.kind === "refused" && error.message === "no such task" && error.word === "TASK_NOT_FOUND");
  assert.throws(() => open(503, '{"code":2,"msg":"busy","error":"SYSTEM_BUSY"}'), (error: CallError) => error.kind === "busy");
  assert.throws(() => open(401, '{"message":"Unauthorized"}'), (error: CallError) => error.kind === "signin");
  assert.throws(() => open(502, "<html>"), (error: CallError) => error.kind === "busy");
  assert.throws(() => open(404, '{"message":"Not Found"}'), (error: CallError) => error.kind === "broken");
  assert.deepEqual(open(200, '{"code":0,"msg":"ok","data":[1]}').data, [1]);
});

test("a token says whose it is, and only an operator's chooses a station", () => {
  const token = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  config.value = readConfig({ claims: { station: "st", operator: "op", name: "name" } });
  enter(token({ st: "T1", name: "王芳" }));
  assert.deepEqual({ ...session.value, token: "" }, { token: "", name: "王芳", station: "T1", operator: false });
  session.set({ token: "", name: "", station: "", operator: false });
  enter(token({ op: "true" }));
  assert.equal(session.value.operator, true);
  enter(token({ op: true, st: "T1" }));
  assert.equal(session.value.station, "", "the next token of a visit keeps all stations");
  session.set({ ...session.value, token: "" });
  enter(token({ op: true, st: "T1" }));
  assert.equal(session.value.station, "T1", "a first visit begins with the own station");
  enter("no token");
  assert.equal(session.value.operator, false);
});

test("a delivery tells its task, its last answer and its next try", () => {
  const delivery = readDelivery({ delivery_id: "9", callback: "erp", station_id: "T1", task_id: "9007199254740993", task_name: "月结", event: "task.finished", outcome: "success",
    state: "open", tries: 2, http_status: 503, last_error: "its target answered 503", create_time: "2026-11-28 15:00:00", try_time: "2026-11-28 15:00:06", next_time: "2026-11-28 15:05:00" });
  assert.deepEqual(delivery, { id: "9", callback: "erp", station: "T1", taskId: "9007199254740993", taskName: "月结", event: "task.finished", outcome: "success",
    state: "open", tries: 2, httpStatus: "503", error: "its target answered 503", created: "2026-11-28 15:00:00", tried: "2026-11-28 15:00:06", next: "2026-11-28 15:05:00" });
  assert.deepEqual([readDelivery({ http_status: null }).httpStatus, readDelivery({ next_time: null }).next], ["", ""]);
});

test("an operator's call names the station that was chosen, or all where a list is over all", () => {
  session.set({ token: "", name: "", station: "", operator: true });
  assert.deepEqual(withStation("/async_task/callback/list", { limit: 50 }), { all_stations: true, limit: 50 });
  assert.deepEqual(withStation("/async_task/get", {}), {});
  session.set({ token: "", name: "", station: "T1", operator: true });
  assert.deepEqual(withStation("/async_task/callback/resend", {}), { station_id: "T1" });
  session.set({ token: "", name: "", station: "T1", operator: false });
  assert.deepEqual(withStation("/async_task/callback/list", {}), {});
});

test("a batch holds as many orders as the service says", () => {
  assert.equal(readConfig({ max_orders: 700 }).maxOrders, 700);
  assert.equal(readConfig({}).maxOrders, 10_000);
});

test("an order comes back as it was sent", () => {
  const order = { address_id: "S1", details: [], extra: new Exact("1.50") } as Record_;
  assert.deepEqual(orderOf({ index: 3, status: "failed", code: "X", msg: "m", errors: [], ...order }), order);
  assert.deepEqual(orderOf({ index: 3, status: "failed", sent: { status: "mine" } }), { status: "mine" });
});

test("a field that nobody touched keeps its exact value", () => {
  const price = new Exact("1.50");
  const line = { sku_id: "D1", quantity: "2", sale_price: price } as Record_;
  const order = { details: [line] } as Record_;
  assert.equal(withValue(line, "unit_price", "1.50"), line);
  assert.deepEqual(withLine(order, 0, "amount", "3")["details"], [{ sku_id: "D1", quantity: "3", sale_price: price }]);
  assert.deepEqual(withValue(line, "sku_id", ""), { quantity: "2", sale_price: price });
});

test("a change of a price is no order, and its rows have their own columns", () => {
  const change = readItem({ index: 4, status: "failed", code: "PRICE_REQUIRED", msg: "m", errors: [], sku_id: "D1" });
  assert.equal(change.isOrder, false);
  assert.deepEqual(rowsHeader(change).slice(0, 4), ["序号", "商品编号", "新价格", "结果"]);
  assert.deepEqual(rowsOf([change]), [["5", "D1", "", "失败", "", "PRICE_REQUIRED", "m"]]);
  const order = readItem({ index: 4, status: "failed", order_no: null, order_id: null, errors: [], sku_id: "D1", sale_price: "2" });
  assert.equal(order.isOrder, true);
  assert.equal(rowsHeader(order)[0], "订单号");
});

test("each sentence stands at its field, the others above", () => {
  const errors = [
    { code: "A", field: "address_id", value: "", msg: "a" },
    { code: "B", field: "details[0].amount", value: "", msg: "b" },
    { code: "C", field: "details", value: "", msg: "c" },
    { code: "D", field: "details[3].amount", value: "", msg: "d" },
  ];
  assert.deepEqual(errorsAt(errors, "details[0].amount"), ["b"]);
  assert.deepEqual(otherErrors(errors, 1), ["c", "d"]);
});

test("the rows that come back tell a line's own reasons only", () => {
  const item = readItem({ index: 0, status: "failed", code: "B", msg: "b", errors: [{ code: "B", field: "details[1].amount", msg: "b" }] });
  assert.deepEqual(addedCells(item, 1).slice(2), ["B", "b"]);
  assert.equal(addedCells(item, 0)[3], "同一订单的其他行有误");
  assert.equal(addedCells({ ...item, status: "success", orderNo: "PL7" }, 0)[1], "PL7");
});

test("times are short, and lengths come from the difference", () => {
  assert.equal(short("2026-11-28 15:04:05", "2026-11-28 16:00:00"), "15:04:05");
  assert.equal(short("2026-11-27 15:04:05", "2026-11-28 16:00:00"), "11-27 15:04");
  assert.equal(short("2025-11-27 15:04:05", "2026-11-28 16:00:00"), "2025-11-27");
  assert.equal(between("2026-11-28 15:00:00", "2026-11-28 16:05:00"), "1 小时 5 分");
  assert.ok(Number.isNaN(moment("soon")));
  assert.deepEqual([dayAfter("2026-12-31", 1), dayAfter("soon", 1)], ["2027-01-01", "soon"]);
});

test("a list of alike objects is a table, anything else a tree", () => {
  assert.deepEqual(tableColumns([{ a: 1, b: 2 }, { a: 3, c: "x" }]), ["a", "b", "c"]);
  for (const value of [[{ a: 1 }], [1, 2], { a: 1 }, [{ a: "x".repeat(300) }, { a: 1 }]]) assert.equal(tableColumns(value), undefined);
});

test("every sentence has the same places in both languages", () => {
  const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join();
  for (const [word, [zh, en]] of Object.entries(WORDS)) assert.equal(places(zh), places(en), word);
});
