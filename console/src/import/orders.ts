// Turns the rows of a file into orders, and finds their plain mistakes before anything is sent.
import type { Record_ } from "../base/json.ts";
import type { Column, Mapping } from "./columns.ts";
import { readNumber, type NumberFault } from "./number.ts";
import { armed, type Table } from "./text-table.ts";

export type ProblemKind = NumberFault | "missing" | "notPositive" | "negative" | "decimals" | "time" | "timeOrder" | "manyLines" | "differs" | "noTime" | "yesOrNo";

export interface Problem {
  kind: ProblemKind;
  column: Column;
  value: string;
  /** The place of the order, from 0, and the file's own line. */
  order: number;
  line: number;
}

export interface Built {
  orders: Record_[];
  /** For each row of the file its order and its line in it; -1 of the header and above it. */
  rowOrder: Int32Array;
  rowLine: Int32Array;
  problems: Problem[];
  problemCount: number;
  wrongOrders: number;
}

/** The receive time of rows that have none. */
export interface Defaults {
  begin: string;
  end: string;
}

/** The members of the whole order, which every row of it may repeat. */
const OF_ORDER = ["address_id", "receive_begin_time", "receive_end_time", "uid", "remark"] as const;
const IDS = ["out_order_no", "address_id", "sku_id", "uid"] as const;
const YES = ["是", "y", "yes", "true", "1", "√"];
const NO = ["否", "n", "no", "false", "0"];
const MOST_LINES = 200;
const KEPT = 500;

/** Builds the orders of the rows of a table; the first `from` rows hold the header and what is above it. */
export function buildOrders(table: Table, mapping: Mapping, from: number, defaults: Defaults): Built {
  const builder = new Builder(table, mapping, from, defaults);
  table.rows.forEach((row, at) => {
    if (at >= from) builder.row(row, at);
  });
  return builder.end();
}

class Builder {
  private orders: Record_[] = [];
  private lines: Record_[][] = [];
  private places = new Map<string, number>();
  private problems: Problem[] = [];
  private problemCount = 0;
  private wrong = new Set<number>();
  private rowOrder: Int32Array;
  private rowLine: Int32Array;
  /** The file has order numbers: an order without one may be parts of others. */
  private hasNumbers: boolean;

  constructor(private table: Table, private mapping: Mapping, from: number, private defaults: Defaults) {
    this.hasNumbers = table.rows.some((row, at) => at >= from && (row[mapping.out_order_no] ?? "").trim() !== "");
    this.rowOrder = new Int32Array(table.rows.length).fill(-1);
    this.rowLine = new Int32Array(table.rows.length).fill(-1);
  }

  row(row: string[], at: number): void {
    const cell = (column: Column) => armed((row[this.mapping[column]] ?? "").trim());
    const line = this.table.lines[at] ?? at + 1;
    const number = cell("out_order_no");
    const address = cell("address_id");
    const key = number ? `n ${number}` : address ? `a ${address}` : `r ${at}`;
    let order = this.places.get(key);
    const say = (kind: ProblemKind, column: Column, value: string) => this.say({ kind, column, value, order: order ?? 0, line });
    if (order === undefined) {
      order = this.orders.length;
      this.places.set(key, order);
      this.begin(cell, say);
    } else {
      compare(this.orders[order] ?? {}, cell, say);
    }
    for (const column of IDS) if (hasLostDigits(cell(column))) say("lostDigits", column, cell(column));
    const lines = this.lines[order] ?? [];
    this.rowOrder[at] = order;
    this.rowLine[at] = lines.length;
    if (lines.length === MOST_LINES) say("manyLines", "sku_id", String(MOST_LINES));
    lines.push(lineOf(cell, say));
  }

  private begin(cell: (column: Column) => string, say: Say): void {
    const order: Record_ = {};
    const take = (column: Column) => {
      const value = cell(column);
      if (value) order[column] = value;
    };
    take("out_order_no");
    if (this.hasNumbers && !cell("out_order_no")) say("missing", "out_order_no", "");
    take("address_id");
    if (!cell("address_id")) say("missing", "address_id", "");
    const begin = time("receive_begin_time", cell, this.defaults.begin, say);
    const end = time("receive_end_time", cell, this.defaults.end, say);
    if (begin) order["receive_begin_time"] = begin;
    if (end) order["receive_end_time"] = end;
    if (begin && end && begin >= end && begin.length === end.length) say("timeOrder", "receive_end_time", end);
    take("uid");
    take("remark");
    const lines: Record_[] = [];
    order["details"] = lines;
    this.orders.push(order);
    this.lines.push(lines);
  }

  private say(problem: Problem): void {
    this.problemCount += 1;
    this.wrong.add(problem.order);
    if (this.problems.length < KEPT) this.problems.push(problem);
  }

  end(): Built {
    const { orders, rowOrder, rowLine, problems, problemCount, wrong } = this;
    return { orders, rowOrder, rowLine, problems, problemCount, wrongOrders: wrong.size };
  }
}

type Say = (kind: ProblemKind, column: Column, value: string) => void;

/** Says which members of the order a later row of it has otherwise: the order is made with those of its first row. */
function compare(order: Record_, cell: (column: Column) => string, say: Say): void {
  for (const column of OF_ORDER) {
    const written = cell(column);
    const value = column.endsWith("_time") ? (readTime(written) ?? written) : written;
    if (value && value !== order[column]) say("differs", column, written);
  }
}

/** Tells whether a spreadsheet has rounded an id: `1.18E+11`. */
function hasLostDigits(id: string): boolean {
  return /^\d(\.\d+)?E\+\d+$/i.test(id);
}

function lineOf(cell: (column: Column) => string, say: Say): Record_ {
  const line: Record_ = {};
  const sku = cell("sku_id");
  if (sku) line["sku_id"] = sku;
  else say("missing", "sku_id", "");
  const amount = numberOf("amount", cell("amount"), say);
  if (amount) line["amount"] = amount;
  else say("missing", "amount", "");
  if (/^-|^0*(\.0*)?$/.test(amount) && /^-?[\d.]+$/.test(amount)) say("notPositive", "amount", amount);
  const price = numberOf("unit_price", cell("unit_price"), say);
  if (price) line["unit_price"] = price;
  if (/^-[\d.]+$/.test(price)) say("negative", "unit_price", price);
  const remark = cell("spu_remark");
  if (remark) line["spu_remark"] = remark;
  const timing = cell("is_price_timing");
  const isTiming = readYesNo(timing);
  if (timing) line["is_price_timing"] = isTiming ?? timing;
  if (timing && isTiming === undefined) say("yesOrNo", "is_price_timing", timing);
  return line;
}

function readYesNo(written: string): boolean | undefined {
  const answer = written.toLowerCase();
  if (YES.includes(answer)) return true;
  return NO.includes(answer) ? false : undefined;
}

function numberOf(column: Column, cell: string, say: Say): string {
  const read = readNumber(cell);
  if ("fault" in read) {
    say(read.fault, column, cell);
    return cell;
  }
  const decimals = read.text.split(".")[1] ?? "";
  if (decimals.replace(/0+$/, "").length > 2) say("decimals", column, read.text);
  return read.text;
}

function time(column: "receive_begin_time" | "receive_end_time", cell: (column: Column) => string, other: string, say: Say): string {
  const written = cell(column);
  if (written === "") {
    if (other === "") say("noTime", column, "");
    return other;
  }
  const read = readTime(written);
  if (read === undefined) say("time", column, written);
  return read ?? written;
}

/** A time as people write it, as `YYYY-MM-DD HH:MM`. */
export function readTime(written: string): string | undefined {
  const narrow = written.trim().replace(/[０-９：／－]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  const match = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]*(\d{1,2})[:时](\d{1,2})?分?(?::\d{2}(?:\.0+)?)?$/.exec(narrow);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute));
  const real = at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60;
  return real ? at.toISOString().slice(0, 16).replace("T", " ") : undefined;
}
