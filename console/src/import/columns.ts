// Which column of a file is which member of an order, found by the words of its header.

export const COLUMNS = [
  "out_order_no", "address_id", "sku_id", "amount", "unit_price",
  "receive_begin_time", "receive_end_time", "remark", "spu_remark", "uid", "is_price_timing",
] as const;
export type Column = (typeof COLUMNS)[number];
/** The place of each column in the file; -1: not there. */
export type Mapping = Record<Column, number>;
export const NEEDED: readonly Column[] = ["address_id", "sku_id", "amount"];

// In the order they are looked for; the words of `make demo`'s importer are among them.
const WORDS: Record<Column, string[]> = {
  out_order_no: ["out_order_no", "order_no", "order_number", "order_id", "order", "invoice", "invoice_no", "外部订单号", "订单号", "订单编号", "单号", "客户单号"],
  address_id: [
    "address_id", "address", "收货地址编号", "收货地址编码", "收货地址", "地址编号", "地址编码", "地址", "收货点",
    "customer_id", "customer", "customer_name", "client", "user", "person", "member", "member_number", "kunde",
    "客户编号", "客户编码", "客户", "客户名称", "顾客", "门店编号", "门店编码", "门店", "收货人",
  ],
  sku_id: [
    "sku_id", "sku", "item", "product", "product_id", "product_name", "article", "artikel", "name", "description", "itemdescription",
    "商品编号", "商品编码", "货号", "规格编码", "商品", "商品名称", "品名", "产品", "产品名称", "货品",
  ],
  amount: ["amount", "quantity", "qty", "count", "menge", "数量", "件数", "下单数量", "订购数量"],
  unit_price: ["unit_price", "price", "unitprice", "sale_price", "preis", "单价", "价格", "售价"],
  receive_begin_time: ["receive_begin_time", "receive_begin", "receive_from", "begin_time", "delivery_from", "收货开始时间", "收货开始", "开始时间", "配送开始时间", "收货时间起"],
  receive_end_time: ["receive_end_time", "receive_end", "receive_to", "end_time", "delivery_to", "收货结束时间", "收货结束", "结束时间", "配送结束时间", "收货时间止"],
  remark: ["remark", "order_remark", "note", "notes", "comment", "备注", "订单备注", "留言"],
  spu_remark: ["spu_remark", "item_remark", "line_remark", "商品备注", "行备注", "明细备注"],
  uid: ["uid", "user_id", "用户编号", "会员编号"],
  is_price_timing: ["is_price_timing", "price_timing", "时价", "是否时价"],
};
const HINTS = ["编号", "编码", "单号", "名称", "日期", "时间", "地址", "电话", "备注", "单位", "规格", "序号"];
const ENGLISH_HINTS = ["id", "no", "nr", "number", "code", "date", "order", "invoice", "total", "sku", "name", "ref"];

/** A header's cell without its decoration: `*数量（kg）` becomes `数量`, `Customer ID:` becomes `customer_id`. */
export function word(cell: string): string {
  const bare = cell.split(/[(（[【]/, 1)[0] ?? "";
  return bare.replace(/^[\s*＊:：#]+|[\s*＊:：#]+$/gu, "").toLowerCase().replace(/[\s-]/g, "_");
}

/** Tells whether a header's word is a known one, also with blanks inside: `数 量`. */
function isWord(one: string, known: string): boolean {
  return one === known || one.replaceAll("_", "") === known;
}

/** Finds each column by its first word that the header holds. */
export function guess(header: string[]): Mapping {
  const words = header.map(word);
  const taken = new Set<number>();
  const mapping = noMapping();
  for (const column of COLUMNS) {
    const place = WORDS[column].map((known) => words.findIndex((one, at) => isWord(one, known) && !taken.has(at))).find((at) => at >= 0);
    if (place === undefined) continue;
    mapping[column] = place;
    taken.add(place);
  }
  return mapping;
}

export function noMapping(): Mapping {
  return Object.fromEntries(COLUMNS.map((column) => [column, -1])) as Mapping;
}

export function missing(mapping: Mapping): Column[] {
  return NEEDED.filter((column) => mapping[column] < 0);
}

export function isKnownHeader(row: string[]): boolean {
  const mapping = guess(row);
  return mapping.address_id >= 0 && mapping.sku_id >= 0;
}

/** How many rows may hold the header: titles may stand above it. */
const HEADER_WITHIN = 10;

/** The place of the row that may name the columns: the first known header, or else the first row of several cells, which no title is. */
export function headerPlace(rows: string[][]): number {
  const first = rows.slice(0, HEADER_WITHIN);
  const known = first.findIndex(isKnownHeader);
  if (known >= 0) return known;
  return Math.max(0, first.findIndex((row) => row.filter((cell) => cell.trim() !== "").length > 1));
}

/** Whether a row above all data is a header, known or not: it holds no number and a word that only headers hold. */
export function looksLikeHeader(row: string[]): boolean {
  if (isKnownHeader(row)) return true;
  const isNumber = (cell: string) => /^\s*[-+]?[\d０-９][\d０-９.,，．]*\s*$/.test(cell);
  if (row.some(isNumber)) return false;
  const known = new Set(Object.values(WORDS).flat());
  return row.some((cell) => {
    const one = word(cell);
    return known.has(one) || known.has(one.replaceAll("_", "")) || /^\s*[*＊]/.test(cell) || HINTS.some((hint) => one.endsWith(hint)) || ENGLISH_HINTS.includes(one.split("_").at(-1) ?? "");
  });
}

/** By this a browser remembers how a header was mapped by hand. */
export function headerKey(header: string[]): string {
  return header.map(word).join("|").slice(0, 300);
}
