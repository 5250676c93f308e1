// Orders that were edited and not sent yet. They outlive a reload and the way to the sign-in, not the tab nor a sign-out.
import { CallError } from "../base/client.ts";
import { parse, stringify, type Record_ } from "../base/json.ts";
import { signedIn } from "../base/sign-in.ts";
import { Store } from "../base/store.ts";
import { amend } from "./items.ts";
import { keyOf } from "./order.ts";
import type { Item } from "./task.ts";

export interface Draft {
  item: Item;
  order: Record_;
}

export type OwnDrafts = ReadonlyMap<number, Draft>;

const KEPT = "console.drafts";
/** By task, then by the order's index. */
export const drafts = new Store<ReadonlyMap<string, OwnDrafts>>(restored());
drafts.watch(() => {
  const all = [...drafts.value].filter(([, own]) => own.size > 0).map(([task, own]) => [task, [...own.values()]]);
  sessionStorage.setItem(KEPT, stringify(all));
});
signedIn.watch(() => signedIn.value === "no" && drafts.set(new Map()));

function restored(): ReadonlyMap<string, OwnDrafts> {
  try {
    const all = parse(sessionStorage.getItem(KEPT) ?? "[]") as unknown as [string, Draft[]][];
    return new Map(all.map(([task, own]) => [task, new Map(own.map((draft) => [draft.item.index, draft]))]));
  } catch {
    return new Map();
  }
}

/** Returns the draft of an order. A draft whose index means another order by now is none of it. */
export function draftOf(task: string, item: Item): Record_ | undefined {
  const draft = drafts.value.get(task)?.get(item.index);
  return draft && stringify(keyOf(draft.item.order)) === stringify(keyOf(item.order)) ? draft.order : undefined;
}

export function keep(task: string, item: Item, order: Record_): void {
  const own = new Map(drafts.value.get(task));
  if (stringify(order) === stringify(item.order)) own.delete(item.index);
  else own.set(item.index, { item, order });
  drafts.set(new Map(drafts.value).set(task, own));
}

export function forget(task: string, index?: number): void {
  const own = new Map(index === undefined ? [] : drafts.value.get(task));
  if (index !== undefined) own.delete(index);
  drafts.set(new Map(drafts.value).set(task, own));
}

/**
 * Mends every order that has a draft, and nothing else of the batch. A draft that is refused stays, and the next one is sent; after any
 * other failure the rest stays. Returns the number of those that were sent and the last error.
 */
export async function sendDrafts(task: string): Promise<{ sent: number; error?: unknown }> {
  let sent = 0;
  let error: unknown;
  for (const { item, order } of [...(drafts.value.get(task)?.values() ?? [])]) {
    try {
      await amend(task, item, { order_data: order });
      forget(task, item.index);
      sent += 1;
    } catch (caught) {
      error = caught;
      if (!(caught instanceof CallError && caught.kind === "refused")) break;
    }
  }
  return { sent, error };
}
