// Orders as rows again, one per line of an order, with the outcome and the reasons behind them.
import { text } from "../base/json.ts";
import { linesOf, valueIn } from "../data/order.ts";
import type { Item, ItemError, ItemStatus } from "../data/task.ts";
import { t } from "../words/index.ts";
import type { Column } from "./columns.ts";

/** The columns of the template and of the orders that a person takes away. */
const SHOWN: readonly Column[] = [
  "out_order_no", "address_id", "receive_begin_time", "receive_end_time", "sku_id", "amount", "unit_price", "remark", "spu_remark",
];
const OF_LINE: readonly Column[] = ["sku_id", "amount", "unit_price", "spu_remark"];

/** The outcome of an order in words. */
export interface End {
  status: ItemStatus;
  orderNo: string;
  code: string;
  msg: string;
  errors: ItemError[];
}

export function addedHeader(): string[] {
  return [t("outcome"), t("orderNo"), t("errorCode"), t("why")];
}

export function templateHeader(): string[] {
  return SHOWN.map((column) => t(column));
}

/** The header above the rows of a batch: of orders or, where its first item is none, of price changes. */
export function rowsHeader(first: Item | undefined): string[] {
  const columns = first && !first.isOrder ? [t("place"), t("sku_id"), t("sale_price")] : templateHeader();
  return [...columns, ...addedHeader()];
}

/** The cells behind a row: the order's outcome, and the reasons that concern this line or the whole order. */
export function addedCells(end: End | undefined, line: number): string[] {
  if (!end) return [t("pending"), "", "", ""];
  if (end.status !== "failed" && end.status !== "cancelled") return [t(end.status), end.orderNo, "", ""];
  const concerns = end.errors.filter((error) => !error.field.startsWith("details[") || error.field.startsWith(`details[${line}]`));
  const reasons = end.errors.length === 0 ? end.msg : concerns.map((error) => error.msg).join("；") || t("otherLine");
  return [t(end.status), end.orderNo, concerns[0]?.code ?? end.code, reasons];
}

export function rowsOf(items: Item[]): string[][] {
  return items.flatMap((item) => {
    if (!item.isOrder) return [[String(item.index + 1), text(item.order["sku_id"]), text(item.order["sale_price"]), ...addedCells(item, 0)]];
    const lines = linesOf(item.order);
    return (lines.length > 0 ? lines : [{}]).map((line, at) => {
      const cells = SHOWN.map((column) => valueIn(OF_LINE.includes(column) ? line : item.order, column));
      return [...cells, ...addedCells(item, at)];
    });
  });
}
