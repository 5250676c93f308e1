import assert from "node:assert/strict";
import { test } from "node:test";
import writeXlsxFile from "write-excel-file/universal";
import { guess, headerPlace, looksLikeHeader, missing, noMapping, word } from "../../src/import/columns.ts";
import { decode } from "../../src/import/decode.ts";
import { readNumber } from "../../src/import/number.ts";
import { buildOrders, readTime } from "../../src/import/orders.ts";
import { readWorkbook, shown } from "../../src/import/sheet.ts";
import { armed, beside, defused, split, toCsv, type Table } from "../../src/import/text-table.ts";

const none = { begin: "", end: "" };
const bytes = (...values: number[]) => new Uint8Array(values);

function table(text: string): Table {
  const read = split(text);
  assert.ok("table" in read);
  return read.table;
}

const said = (text: string, defaults = none) => {
  const read = table(text);
  const { problems } = buildOrders(read, guess(read.rows[0] ?? []), 1, defaults);
  return problems.filter(({ kind }) => kind !== "noTime").map(({ line, kind, column, value }) => [line, kind, column, value].join(" "));
};

test("numbers are read as people write them", () => {
  const written: [string, string][] = [
    ["261,96", "261.96"], ["0,90 €", "0.90"], ["１２．５", "12.5"], ["¥1,234.50", "1234.50"], ["1.234,50", "1234.50"],
    ["1 234,5", "1234.5"], ["1'234'567", "1234567"], ["$ 3", "3"], ["007", "7"], ["0,125", "0.125"], ["-2", "-2"],
    ["3元", "3"], ["1\u00a0234", "1234"], [".5", "0.5"], ["", ""],
  ];
  for (const [cell, plain] of written) assert.deepEqual(readNumber(cell), { text: plain }, cell);
});

test("a number that may be two numbers, or none, is said so", () => {
  assert.deepEqual(readNumber("1,234"), { fault: "ambiguous" });
  assert.deepEqual(readNumber("1.18E+11"), { fault: "lostDigits" });
  for (const cell of ["一袋", "1a", "¥", "1,23,4"]) assert.deepEqual(readNumber(cell), { fault: "notANumber" }, cell);
});

test("Excel's stored number is shown in 15 digits", () => {
  assert.equal(shown("0.30000000000000004"), "0.3");
  assert.equal(shown("118120000000"), "118120000000");
  assert.equal(shown("1.1812E+11"), "118120000000");
  assert.equal(shown("2.5000000000000001E-2"), "0.025");
  assert.equal(shown("-12.34"), "-12.34");
});

test("a stored number that has lost digits says so by its exponent", () => {
  assert.equal(shown("999999999999999"), "999999999999999");
  assert.equal(shown("1234567890123450"), "1.23456789012345E+15");
  assert.equal(shown("1E+15"), "1E+15");
  assert.deepEqual(readNumber(shown("1234567890123450")), { fault: "lostDigits" });
});

test("a Chinese file is read in UTF-8, with a mark, in UTF-16 and in GB18030", () => {
  const text = "客户,商品\n张三,苹果\n李四,香蕉\n";
  const utf8 = new TextEncoder().encode(text);
  assert.deepEqual(decode(utf8), { text, encoding: "UTF-8" });
  assert.deepEqual(decode(bytes(0xef, 0xbb, 0xbf, ...utf8)), { text, encoding: "UTF-8" });
  const utf16 = [...text].flatMap((character) => [character.charCodeAt(0) & 255, character.charCodeAt(0) >> 8]);
  assert.deepEqual(decode(bytes(0xff, 0xfe, ...utf16)), { text, encoding: "UTF-16LE" });
  // 客户,商品
  const gb = bytes(0xbf, 0xcd, 0xbb, 0xa7, 0x2c, 0xc9, 0xcc, 0xc6, 0xb7);
  assert.deepEqual(decode(gb), { text: "客户,商品", encoding: "GB18030" });
});

test("a western file is not read as Chinese, and a doubtful one not at all", () => {
  assert.deepEqual(decode(bytes(0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72, 0x3b, 0x4b, 0xe4, 0x73, 0x65)), { text: "Müller;Käse", encoding: "Windows-1252" });
  assert.deepEqual(decode(bytes(0x61, 0x2c, 0xe9, 0xe9, 0x0a)), { fault: "ambiguous" });
  assert.deepEqual(decode(bytes(0x61, 0x2c, 0xff, 0xff, 0xff)), { fault: "unknown" });
  assert.deepEqual(decode(bytes(0x61, 0, 0x2c, 0)), { fault: "binary" });
});

test("comma, semicolon and tab are told apart; quotes may hold lines", () => {
  assert.deepEqual(table("门店;商品;数量\nA;milk, fresh;1,5\n").rows[1], ["A", "milk, fresh", "1,5"]);
  assert.deepEqual(table("a\tb\nc\td, e\n").rows[0], ["a", "b"]);
  const quoted = table('地址,商品\r\n"A","two\r\nlines ""x"""\r\n\r\nB,c\r\n');
  assert.deepEqual(quoted.rows[1], ["A", 'two\r\nlines "x"']);
  assert.deepEqual(quoted.lines, [1, 2, 5]);
});

test("a quote that is never closed is refused", () => {
  assert.ok("fault" in split('a,b\n1,"x\n2,y\n'));
});

test("columns are found by Chinese and English words, stars and units aside", () => {
  const mapping = guess(["*订单号", "客户名称", "商品编码", "*数量（kg）", "单价(元)", "收货开始时间", "备注"]);
  assert.deepEqual([mapping.out_order_no, mapping.address_id, mapping.sku_id, mapping.amount, mapping.unit_price], [0, 1, 2, 3, 4]);
  assert.deepEqual([mapping.receive_begin_time, mapping.remark, mapping.receive_end_time], [5, 6, -1]);
  assert.equal(word("Customer ID:"), "customer_id");
  const english = guess(["qty", "Product", "Address", "price"]);
  assert.deepEqual(missing(english), []);
});

test("an own word for the address goes before a word for the customer", () => {
  const mapping = guess(["客户", "收货地址", "商品", "数量"]);
  assert.equal(mapping.address_id, 1);
});

test("a first row of data is no header", () => {
  assert.equal(looksLikeHeader(["S001", "D001", "3"]), false);
  assert.equal(looksLikeHeader(["送货点编号", "货物名称"]), true);
  assert.equal(looksLikeHeader(["*甲", "乙"]), true);
});

test("rows of one order number, or else of one address, are one order", () => {
  const read = table("订单号,收货地址,商品编号,数量\nA,S1,D1,1\nA,S1,D2,2\nB,S1,D1,3\n,S2,D1,1\n,S2,D3,1\n");
  const built = buildOrders(read, guess(read.rows[0] ?? []), 1, { begin: "2026-11-30 09:00", end: "2026-11-30 11:00" });
  assert.equal(built.orders.length, 3);
  assert.deepEqual(built.orders[0], {
    out_order_no: "A", address_id: "S1", receive_begin_time: "2026-11-30 09:00", receive_end_time: "2026-11-30 11:00",
    details: [{ sku_id: "D1", amount: "1" }, { sku_id: "D2", amount: "2" }],
  });
  assert.deepEqual([...built.rowOrder], [-1, 0, 0, 1, 2, 2]);
  assert.deepEqual([...built.rowLine], [-1, 0, 1, 0, 0, 1]);
  // S2 has no number, while others have: its rows may be parts of B, whose cell was merged.
  assert.deepEqual(built.problems, [{ kind: "missing", column: "out_order_no", value: "", order: 2, line: 5 }]);
});

test("an order without a number is told only where the file has numbers", () => {
  const head = "订单号,收货地址,商品编号,数量\n";
  assert.deepEqual(said(`${head}A,S1,D1,1\n,S1,D2,1\n,S1,D3,1\nB,S2,D1,1\n`), ["3 missing out_order_no "]);
  assert.deepEqual(said(`${head},S1,D1,1\n ,S2,D2,1\n`), []);
});

test("a known header among the first ten rows is the header, and rows above it are left out", () => {
  const text = "XX公司订货单\n日期：29日;;制单：王五\n\n商品;数 量;收货地址\n苹果, 红;2;S1\n";
  const read = table(text);
  assert.equal(headerPlace(read.rows), 2);
  const built = buildOrders(read, guess(read.rows[2] ?? []), 3, { begin: "2026-11-30 09:00", end: "2026-11-30 11:00" });
  assert.deepEqual(built.orders.map(({ address_id, details }) => [address_id, details]), [["S1", [{ sku_id: "苹果, 红", amount: "2" }]]]);
  assert.deepEqual([...built.rowOrder], [-1, -1, -1, 0]);
  assert.equal(built.problemCount, 0);
});

test("an unknown header below a title is offered, and rows of data begin with the first", () => {
  assert.equal(headerPlace([["XX公司订货单", ""], ["货物", "个数"], ["苹果", "2"]]), 1);
  assert.equal(headerPlace([["S1", "苹果", "2"], ["S2", "梨", "1"]]), 0);
  assert.equal(headerPlace([...Array<string[]>(10).fill(["说明"]), ["收货地址", "商品", "数量"]]), 0);
  assert.equal(headerPlace([]), 0);
});

test("of a workbook the first sheet that holds anything is read, and further ones are counted", async () => {
  const sheets = [[], [["收货地址"], ["S1"]], [["S2"]], []].map((rows) => ({ data: rows.map((row) => row.map((value) => ({ value, type: String }))) }));
  const file = await (await writeXlsxFile(sheets).toBlob()).arrayBuffer();
  assert.deepEqual(await readWorkbook(file), { table: { rows: [["收货地址"], ["S1"]], lines: [1, 2] }, unread: 1 });
});

test("what is plainly wrong is told with the file's own line, and sent all the same", () => {
  const read = table("订单号,收货地址,商品编号,数量,单价,收货开始时间\nA,,D1,0,1.2555,2026-02-30 09:00\nB,S1,,一袋,-1,2026/11/30 9:00\nB,S2,D1,1,,\n");
  const built = buildOrders(read, guess(read.rows[0] ?? []), 1, none);
  const said = built.problems.map((problem) => `${problem.line} ${problem.kind} ${problem.column}`);
  for (const wanted of [
    "2 missing address_id", "2 notPositive amount", "2 decimals unit_price", "2 time receive_begin_time", "2 noTime receive_end_time",
    "3 missing sku_id", "3 notANumber amount", "3 negative unit_price", "4 differs address_id",
  ]) assert.ok(said.includes(wanted), `${wanted} of ${said.join("; ")}`);
  assert.equal(built.orders[1]?.["receive_begin_time"], "2026-11-30 09:00");
  assert.equal(built.wrongOrders, 2);
});

test("a later row that has another time, remark or user than its order is told", () => {
  const head = "订单号,收货地址,商品编号,数量,收货开始时间,收货结束时间,备注,用户编号\n";
  const first = "A,S1,D1,1,2026-11-30 09:00,2026-11-30 11:00,放门口,u1\n";
  assert.deepEqual(said(`${head}${first}A,S1,D2,1,2026/11/30 9:00,2026-11-30 11:00,放门口,u1\nA,,D3,1,,,,\n`), []);
  assert.deepEqual(said(`${head}${first}A,S1,D2,1,2026-11-30 10:00,2026-11-30 12:00,送上楼,u2\n`), [
    "3 differs receive_begin_time 2026-11-30 10:00", "3 differs receive_end_time 2026-11-30 12:00", "3 differs uid u2", "3 differs remark 送上楼",
  ]);
  const defaults = { begin: "2026-11-30 09:00", end: "2026-11-30 11:00" };
  assert.deepEqual(said(`${head}A,S1,D1,1,,,,\nA,S1,D2,1,2026-11-30 09:00,2026-11-30 12:00,,\n`, defaults), ["3 differs receive_end_time 2026-11-30 12:00"]);
});

test("an id that a spreadsheet has rounded is told", () => {
  assert.deepEqual(said("订单号,收货地址,商品编号,数量\n1.18E+11,S1,6.9E+12,1\n3E12,S1,D1,1\n"), [
    "2 lostDigits out_order_no 1.18E+11", "2 lostDigits sku_id 6.9E+12",
  ]);
});

test("a word that is neither yes nor no is told", () => {
  const head = "收货地址,商品编号,数量,时价\n";
  assert.deepEqual(said(`${head}S1,D1,1,是\nS2,D1,1,No\nS3,D1,1,\n`), []);
  assert.deepEqual(said(`${head}S1,D1,1,也许\n`), ["2 yesOrNo is_price_timing 也许"]);
});

test("an order without a number and an address is an order of its own", () => {
  const read = table("收货地址,商品编号,数量\n,D1,1\n,D2,1\n");
  assert.equal(buildOrders(read, guess(read.rows[0] ?? []), 1, none).orders.length, 2);
});

test("times are read as people write them", () => {
  for (const written of ["2026-11-30 09:00", "2026/11/30 9:00", "2026.11.30 9:00:00", "2026年11月30日 9:00", "2026-11-30T09:00", "２０２６／１１／３０ ９：００"]) {
    assert.equal(readTime(written), "2026-11-30 09:00", written);
  }
  for (const wrong of ["2026-02-30 09:00", "2026-11-30 25:00", "09:00", "30.11.2026 09:00"]) assert.equal(readTime(wrong), undefined, wrong);
});

test("a cell that a spreadsheet would run is defused, and armed again when it is read", () => {
  for (const cell of ["=1+1", "+cmd", "-x", "@SUM(A1,A2)", " =1", "\u200b=1", "\u3000+1", "＝1", "＋1", "－1", "＠A1", '"=1']) {
    assert.equal(defused(cell), `'${cell}`);
    assert.equal(armed(defused(cell)), cell);
  }
  for (const [cell, safe] of [["x;=1", "x;'=1"], ["\n=1", "'\n'=1"], ["a|b\t@x", "a|b\t'@x"]] as const) {
    assert.equal(defused(cell), safe);
    assert.equal(armed(safe), cell);
  }
  for (const cell of ["-5", "+1.5", "a=b", "1-1 a=b", "", "'x"]) assert.equal(defused(cell), cell);
  assert.equal(armed("'=1+1"), "=1+1");
  assert.equal(armed("'tis"), "'tis");
  assert.equal(toCsv([["a", '=b"']]), '\uFEFF"a","\'=b"""\r\n');
});

test("cells that are put behind rows stand in columns of their own", () => {
  const rows = [["a", "b"], ["1"], ["1", "2", "3"]];
  assert.deepEqual(beside(rows, (at) => [`+${at}`]), [["a", "b", "", "+0"], ["1", "", "", "+1"], ["1", "2", "3", "+2"]]);
});

test("nothing is mapped to begin with", () => {
  assert.ok(Object.values(noMapping()).every((place) => place === -1));
});
