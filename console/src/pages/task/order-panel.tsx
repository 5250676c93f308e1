// One order beside the table: every field with its sentence, to mend, drop, or mark as made by hand.
import { useEffect, useRef, useState } from "preact/hooks";
import { text, type Record_ } from "../../base/json.ts";
import { useStore } from "../../base/store.ts";
import { draftOf, drafts, forget, keep } from "../../data/drafts.ts";
import { amend, type Mending } from "../../data/items.ts";
import { FIELDS, LINE_FIELDS, linesOf, otherErrors, others, valueIn, withNewLine } from "../../data/order.ts";
import type { Detail, Item, ItemError } from "../../data/task.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Chip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { JsonView } from "../../parts/tree.tsx";
import { number, t } from "../../words/index.ts";
import { Line, OrderFields } from "./order-form.tsx";

interface Props {
  task: Detail;
  item: Item;
  close: () => void;
  refresh: () => void;
}

export function OrderPanel({ task, item, close, refresh, takesFocus }: Props & { takesFocus: boolean }) {
  useStore(drafts);
  const panel = useRef<HTMLElement>(null);
  const mendable = (item.status === "failed" || item.status === "dropped") && item.isOrder;
  const draft = draftOf(task.id, item) ?? item.order;
  useEffect(() => {
    if (!takesFocus) return;
    panel.current?.scrollIntoView({ block: "nearest" });
    const wrong = panel.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    (wrong ?? panel.current?.querySelector("h3"))?.focus({ preventScroll: true });
    wrong?.scrollIntoView({ block: "nearest" });
  }, [takesFocus]);
  const change = (next: Record_) => keep(task.id, item, next);
  const lines = linesOf(draft);
  const errors = mendable || !item.isOrder || item.status === "cancelled" ? item.errors : [];
  return (
    <aside ref={panel} class="panel" aria-labelledby="order-title" onKeyDown={(event) => event.key === "Escape" && !event.isComposing && close()}>
      <header>
        <h3 id="order-title" tabIndex={-1}>{t("orderN", { n: number(item.index + 1) })} <Chip word={item.status} /></h3>
        <button class="button quiet icon-only" aria-label={t("closePanel")} onClick={close}><Icon name="cross" /></button>
      </header>
      {item.orderNo && <p>{t("madeAs")} <code>{item.orderNo}</code></p>}
      {item.notice && <p class="hint">{item.notice}</p>}
      {otherErrors(errors, lines.length).map((msg) => <p key={msg} class="wrong">{msg}</p>)}
      {!item.isOrder ? (
        <JsonView value={item.order} label={t("order")} />
      ) : mendable ? (
        <>
          <OrderFields order={draft} errors={errors} change={change} />
          <h4>{t("linesOf", { n: number(lines.length) })}</h4>
          <div class="lines">
            {lines.map((_, at) => <Line key={at} order={draft} at={at} errors={errors} change={change} />)}
          </div>
          <button class="button small" onClick={() => change(withNewLine(draft))}><Icon name="plus" />{t("addLine")}</button>
        </>
      ) : (
        <OrderShown order={item.order} errors={errors} />
      )}
      {item.isOrder && <Others order={draft} />}
      {mendable && <Mend {...{ task, item, close, refresh }} draft={draft} />}
    </aside>
  );
}

/** An order that cannot be changed, as a list and a table. */
function OrderShown({ order, errors }: { order: Record_; errors: ItemError[] }) {
  const lines = linesOf(order);
  const columns = LINE_FIELDS.filter((name) => lines.some((line) => valueIn(line, name) !== ""));
  return (
    <>
      <dl class="others">{FIELDS.filter((name) => valueIn(order, name) !== "").map((name) => <div key={name}><dt>{t(name)}</dt><dd>{valueIn(order, name)}</dd></div>)}</dl>
      {errors.map((error) => <p key={error.field + error.code} class="wrong">{error.msg}</p>)}
      <table class="plain">
        <thead><tr><th scope="col">#</th>{columns.map((name) => <th key={name} scope="col">{t(name)}</th>)}</tr></thead>
        <tbody>{lines.map((line, at) => <tr key={at}><td class="muted">{at + 1}</td>{columns.map((name) => <td key={name}>{valueIn(line, name)}</td>)}</tr>)}</tbody>
      </table>
    </>
  );
}

function Others({ order }: { order: Record_ }) {
  const rest = others(order);
  if (rest.length === 0) return null;
  return <dl class="others">{rest.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{text(value)}</dd></div>)}</dl>;
}

function Mend({ task, item, close, refresh, draft }: Props & { draft: Record_ }) {
  const [busy, setBusy] = useState(false);
  const [byHand, setByHand] = useState(false);
  const [orderId, setOrderId] = useState("");
  const run = async (how: Mending, said: string, undo?: () => void) => {
    setBusy(true);
    try {
      await amend(task.id, item, how);
      forget(task.id, item.index);
      note(said, undo ? { undo } : {});
      close();
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
    refresh();
  };
  // A dropped order comes back as it was, and so does its draft: an edit is sent only when somebody says so.
  const takeBack = () => {
    keep(task.id, item, draft);
    const back = amend(task.id, item, { order_data: item.order });
    void back.then(() => note(t("takenBack")), (error: unknown) => note(sentence(error), { bad: true })).then(refresh);
  };
  const changed = draft !== item.order;
  return (
    <footer>
      {byHand ? (
        <form class="row" onSubmit={(event) => (event.preventDefault(), void run({ order_id: orderId.trim() }, t("markedByHand")))}>
          <label class="field grow"><span>{t("orderIdByHand")}</span><input autofocus required value={orderId} placeholder="PL2000" onInput={(event) => setOrderId(event.currentTarget.value)} /></label>
          <button class="button primary" disabled={busy}>{t("markIt")}</button>
          <button type="button" class="button quiet" onClick={() => setByHand(false)}>{t("no")}</button>
        </form>
      ) : (
        <div class="actions">
          <button class="button primary" disabled={busy} onClick={() => void run({ order_data: draft }, t("mendSent"))}>
            <Icon name="check" />{changed ? t("sendMended") : t("tryAgain")}
          </button>
          <button class="button" disabled={busy} onClick={() => setByHand(true)}><Icon name="hand" />{t("byHand")}</button>
          {item.status === "failed" && (
            <button class="button" disabled={busy} onClick={() => void run({}, t("dropSaid", { n: number(item.index + 1) }), takeBack)}><Icon name="stop" />{t("drop")}</button>
          )}
        </div>
      )}
      {changed && !byHand && <p class="muted small">{t("draftHint")}</p>}
    </footer>
  );
}
