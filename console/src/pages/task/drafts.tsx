// Orders that were edited and not sent yet, and the bar that sends them all.
import { useState } from "preact/hooks";
import { withStation } from "../../base/client.ts";
import { parse, stringify, type Record_ } from "../../base/json.ts";
import { gzip, send } from "../../base/send.ts";
import { Store, useStore } from "../../base/store.ts";
import { amend, batchHead, everyItem } from "../../data/items.ts";
import type { Detail, Item } from "../../data/task.ts";
import { isOpen } from "../../data/tasks.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";

interface Draft {
  item: Item;
  order: Record_;
}

type Drafts = ReadonlyMap<string, ReadonlyMap<number, Draft>>;

const KEPT = "console.drafts";
/** By task, then by the order's index. They outlive a reload and the way to the sign-in, not the tab. */
const drafts = new Store<Drafts>(restored());
drafts.watch(() => {
  const all = [...drafts.value].filter(([, own]) => own.size > 0).map(([task, own]) => [task, [...own.values()]]);
  sessionStorage.setItem(KEPT, stringify(all));
});

function restored(): Drafts {
  try {
    const all = parse(sessionStorage.getItem(KEPT) ?? "[]") as unknown as [string, Draft[]][];
    return new Map(all.map(([task, own]) => [task, new Map(own.map((draft) => [draft.item.index, draft]))]));
  } catch {
    return new Map();
  }
}

export function draftOf(task: string, index: number): Record_ | undefined {
  return drafts.value.get(task)?.get(index)?.order;
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

/** Sends the whole batch again under its own id, with the drafts in their places and without dropped orders. */
async function submitAgain(task: Detail, own: ReadonlyMap<number, Draft>): Promise<void> {
  const head = await batchHead(task.id);
  const orders: Record_[] = [];
  await everyItem(task.id, (items) => {
    for (const item of items) if (item.status !== "dropped" || own.has(item.index)) orders.push(own.get(item.index)?.order ?? item.order);
  });
  const body = { task_id: task.ownId || head.ownId, time_config_id: head.cycle, file_name: head.file || undefined, order_data: orders };
  const path = "/station/order/batch/submit";
  await send(path, await gzip(stringify(withStation(path, body))), () => undefined);
}

export function DraftBar({ task, refresh }: { task: Detail; refresh: () => void }) {
  const own = useStore(drafts).get(task.id);
  const [busy, setBusy] = useState(false);
  if (!own || own.size === 0) return null;
  const sendAll = async () => {
    setBusy(true);
    const count = own.size;
    try {
      if (isOpen(task) || count === 1) {
        for (const draft of own.values()) {
          await amend(task.id, draft.item, { order_data: draft.order });
          forget(task.id, draft.item.index);
        }
      } else {
        await submitAgain(task, own);
        forget(task.id);
      }
      note(t("allMendedSent", { n: number(count) }));
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
    refresh();
  };
  return (
    <div class="selected drafts" role="region" aria-label={t("drafts")}>
      <strong>{t("nMended", { n: number(own.size) })}</strong>
      <button class="button primary" disabled={busy} onClick={() => void sendAll()}><Icon name="check" />{busy ? t("sending") : t("sendAllMended")}</button>
      <button class="button quiet" disabled={busy} onClick={() => forget(task.id)}>{t("discard")}</button>
    </div>
  );
}
