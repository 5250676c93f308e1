// Editing one order: its fields, its lines, and the sentence that belongs to each.
import { Exact, records, text, type Json, type Record_ } from "../base/json.ts";
import type { ItemError } from "./task.ts";

export const FIELDS = ["out_order_no", "address_id", "receive_begin_time", "receive_end_time", "uid", "remark"] as const;
export const LINE_FIELDS = ["sku_id", "amount", "unit_price", "is_price_timing", "spu_remark"] as const;
const ALIASES: Record<string, string> = { amount: "quantity", unit_price: "sale_price" };

/** Returns the name under which an object holds a member: its own, or the alias it came with. */
export function nameIn(holder: Record_, name: string): string {
  const alias = ALIASES[name];
  return alias !== undefined && !(name in holder) && alias in holder ? alias : name;
}

export function valueIn(holder: Record_, name: string): string {
  return text(holder[nameIn(holder, name)]);
}

/** Changes a member. A member that has the value already keeps it exactly as it was sent. */
export function withValue(holder: Record_, name: string, value: string): Record_ {
  const key = nameIn(holder, name);
  if (text(holder[key]) === value) return holder;
  const changed = { ...holder, [key]: value };
  if (value === "") delete changed[key];
  return changed;
}

/** The most characters of an id. */
const LONGEST_ID = 64;

/** Returns the member by which a batch knows an order: its number, else its address; nothing where neither can be named in a call. */
export function keyOf(order: Record_): Record<string, string> {
  for (const name of ["out_order_no", "address_id"]) {
    const id = order[name];
    const key = typeof id === "string" || typeof id === "number" || id instanceof Exact ? text(id).trim() : "";
    if (key !== "" && key.length <= LONGEST_ID) return { [name]: key };
  }
  return {};
}

export function linesOf(order: Record_): Record_[] {
  return records(order["details"]);
}

export function withLine(order: Record_, at: number, name: string, value: string): Record_ {
  return { ...order, details: linesOf(order).map((line, n) => (n === at ? withValue(line, name, value) : line)) };
}

export function withoutLine(order: Record_, at: number): Record_ {
  return { ...order, details: linesOf(order).filter((_, n) => n !== at) };
}

export function withNewLine(order: Record_): Record_ {
  return { ...order, details: [...linesOf(order), { sku_id: "", amount: "" }] };
}

/** Returns members that the form does not show as fields. They are kept as they are. */
export function others(order: Record_): [string, Json][] {
  return Object.entries(order).filter(([name]) => name !== "details" && !(FIELDS as readonly string[]).includes(name));
}

/** Returns the sentences of a field; `details[0].amount` is the amount of the first line. */
export function errorsAt(errors: ItemError[], field: string): string[] {
  return errors.filter((error) => error.field === field).map((error) => error.msg);
}

/** Returns the sentences that no field of the form shows. */
export function otherErrors(errors: ItemError[], lines: number): string[] {
  const shown = new Set<string>(FIELDS);
  for (let at = 0; at < lines; at += 1) for (const name of LINE_FIELDS) shown.add(`details[${at}].${name}`);
  return errors.filter((error) => !shown.has(error.field)).map((error) => error.msg);
}
