// The items of a batch: how many of which outcome, which error is most, each one in a table, the chosen one beside it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { route, setQuery } from "../../base/route.ts";
import { useStore } from "../../base/store.ts";
import { Items } from "../../data/items.ts";
import { linesOf, valueIn } from "../../data/order.ts";
import type { Detail, Item } from "../../data/task.ts";
import { Segments, StackedBar, statusChoices } from "../../parts/bars.tsx";
import { Chip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { VirtualTable } from "../../parts/virtual.tsx";
import { number, t } from "../../words/index.ts";
import { DraftBar } from "./drafts.tsx";
import { OrderPanel } from "./order-panel.tsx";

const ROW = 40;
/** Below this width a row has two lines. */
const NARROW = matchMedia("(max-width: 820px)");
const NARROW_ROW = 62;

export function Batch({ task, refresh }: { task: Detail; refresh: () => void }) {
  const { query } = useStore(route);
  const first = task.counts.failed > 0 ? "failed" : "all";
  const [begin] = useState(first);
  const status = query.get("items") ?? begin;
  const code = query.get("code") ?? "";
  const section = useRef<HTMLElement>(null);
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState<{ item: Item; takesFocus: boolean } | undefined>(undefined);
  const items = useItems(task, status, code);
  useEffect(() => (setActive(-1), setOpen(undefined)), [status, code]);
  const narrow = useNarrow();
  const close = () => {
    setOpen(undefined);
    section.current?.querySelector<HTMLElement>(".vtable")?.focus();
  };
  const shown = open && [...items.rows.values()].find((item) => item.index === open.item.index);
  const ofOrders = items.rows.values().next().value?.isOrder ?? true;
  return (
    <section ref={section} class="batch" aria-label={t("items")}>
      <StackedBar counts={task.counts} />
      <div class="row wrap">
        <Segments label={t("filterItems")} choices={statusChoices(task.counts)} value={status as "all"} choose={(value) => setQuery({ items: value, code: "" })} />
      </div>
      {task.codeCounts.length > 0 && (status === "failed" || status === "all" || status === "cancelled") && (
        <CodeFilter codes={task.codeCounts} code={code} />
      )}
      <DraftBar task={task} refresh={refresh} />
      <div class={open ? "master open" : "master"}>
        {items.total === 0 && !items.error ? (
          <p class="state muted">{t("noItemsHere")}</p>
        ) : (
          <VirtualTable
            label={t("items")} total={items.total} rowHeight={narrow ? NARROW_ROW : ROW} header={<Header ofOrders={ofOrders} />}
            row={(place) => <Cells item={items.rows.get(place)} />}
            rowClass={(place) => items.rows.get(place)?.status ?? "waiting"}
            active={active} seen={(from, to) => items.see(from, to)}
            activate={(place, isOpened) => {
              setActive(place);
              const item = items.rows.get(place);
              if (isOpened || open) setOpen(item && { item, takesFocus: isOpened });
            }}
          />
        )}
        {open && <OrderPanel key={open.item.index} task={task} item={shown ?? open.item} takesFocus={open.takesFocus} close={close} refresh={refresh} />}
      </div>
      {items.error !== undefined && <p class="bad" role="alert">{sentence(items.error)}</p>}
    </section>
  );
}

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const change = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", change);
    return () => NARROW.removeEventListener("change", change);
  }, []);
  return narrow;
}

function useItems(task: Detail, status: string, code: string): Items {
  const [, redraw] = useState(0);
  const total = code ? (task.codeCounts.find(([known]) => known === code)?.[1] ?? 0) : status === "all" ? task.counts.total : (task.counts[status as "failed"] ?? 0);
  const items = useMemo(() => new Items(task.id, { status, code }, total, () => redraw((n) => n + 1)), [task.id, status, code]);
  useEffect(() => () => items.stop(), [items]);
  const version = JSON.stringify([task.counts, task.codeCounts, task.runCount, task.ended]);
  const seen = useRef({ items, version });
  useEffect(() => {
    if (seen.current.items === items && seen.current.version !== version) items.stale(total);
    seen.current = { items, version };
  }, [items, version]);
  return items;
}

function CodeFilter({ codes, code }: { codes: [string, number][]; code: string }) {
  return (
    <div class="codes" role="group" aria-label={t("filterCodes")}>
      {codes.map(([name, n]) => (
        <button key={name} type="button" class="code" aria-pressed={name === code} onClick={() => setQuery({ code: name === code ? "" : name })}>
          {t.code(name)}<b>{number(n)}</b>
        </button>
      ))}
    </div>
  );
}

/** Names the columns; changes of prices stand in two of those of orders. */
function Header({ ofOrders }: { ofOrders: boolean }) {
  return (
    <>
      <span role="columnheader" class="c-index">#</span>
      <span role="columnheader" class="c-state">{t("state")}</span>
      <span role="columnheader" class="c-no">{t(ofOrders ? "out_order_no" : "sku_id")}</span>
      <span role="columnheader" class="c-address">{t(ofOrders ? "address_id" : "sale_price")}</span>
      <span role="columnheader" class="c-lines">{ofOrders ? t("linesHead") : ""}</span>
      <span role="columnheader" class="c-why">{t("why")}</span>
    </>
  );
}

function Cells({ item }: { item: Item | undefined }) {
  if (!item) return <span role="gridcell" class="c-wait"><i aria-hidden="true" /><span class="unseen">{t("loadingMore")}</span></span>;
  const { isOrder, order } = item;
  return (
    <>
      <span role="gridcell" class="c-index">{number(item.index + 1)}</span>
      <span role="gridcell" class="c-state"><Chip word={item.status} /></span>
      <span role="gridcell" class="c-no clip">{valueIn(order, isOrder ? "out_order_no" : "sku_id")}</span>
      <span role="gridcell" class="c-address clip">{valueIn(order, isOrder ? "address_id" : "sale_price")}</span>
      <span role="gridcell" class="c-lines">{isOrder ? number(linesOf(order).length) : ""}</span>
      <span role="gridcell" class="c-why clip">{reason(item)}</span>
    </>
  );
}

function reason(item: Item): string {
  if (item.status === "failed" || item.status === "cancelled") {
    const more = item.errorCount > 1 ? ` ${t("andMore", { n: item.errorCount - 1 })}` : "";
    return item.msg + more;
  }
  return item.notice || item.orderNo;
}
