// Shows a file before it is sent: its columns, its cycle, its first orders, its plain mistakes.
import { useEffect, useMemo, useState } from "preact/hooks";
import { link } from "../../base/route.ts";
import { config, session } from "../../base/session.ts";
import { remember, remembered } from "../../base/settings.ts";
import type { Cycle } from "../../data/cycles.ts";
import { existing } from "../../data/import.ts";
import type { Task } from "../../data/task.ts";
import { COLUMNS, headerKey, missing, type Mapping } from "../../import/columns.ts";
import { table } from "../../import/table.ts";
import type { BuiltSummary, Part, ReadFile } from "../../import/worker.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { TaskChip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { short } from "../../parts/time.ts";
import { number, t } from "../../words/index.ts";
import { ChooseCycle, defaultsOf, type ReceiveTime } from "./cycle.tsx";
import { Columns } from "./columns.tsx";
import { Preview } from "./preview.tsx";

interface Props {
  name: string;
  read: ReadFile;
  again: () => void;
  send: (parts: Part[], cycle: string) => void;
}

export function Check({ name, read, again, send }: Props) {
  const key = useMemo(() => `columns.${headerKey(read.header)}`, [read]);
  const [mapping, setMapping] = useState<Mapping>(() => rememberedMapping(key, read) ?? read.mapping);
  const [hasHeader, setHasHeader] = useState(read.hasHeader);
  const [cycle, setCycle] = useState<Cycle | undefined>(undefined);
  const [receive, setReceive] = useState<ReceiveTime>({ day: "", from: "", to: "" });
  const [built, setBuilt] = useState<BuiltSummary | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [before, setBefore] = useState<Task | undefined>(undefined);
  const lacking = missing(mapping);
  useEffect(() => {
    if (lacking.length > 0) return setBuilt(undefined);
    let stopped = false;
    void table.run("build", mapping, hasHeader, defaultsOf(receive)).then((next) => !stopped && setBuilt(next));
    return () => void (stopped = true);
  }, [mapping, hasHeader, receive.day, receive.from, receive.to]);
  const change = (next: Mapping) => {
    setMapping(next);
    remember(key, JSON.stringify(next));
  };
  const submit = async (salt: string) => {
    if (!cycle || !built) return;
    setBusy(true);
    setBefore(undefined);
    try {
      const parts = await table.run("parts", session.value.station, cycle.id, config.value.maxOrders, salt);
      // Where only some of the batches were sent, the rest follows: those that exist are not made twice.
      const last = parts.at(-1);
      const earlier = last && (await existing(last.taskId));
      if (earlier) setBefore(earlier);
      else send(parts, cycle.id);
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
  };
  const isReady = cycle !== undefined && built !== undefined && built.orders > 0 && lacking.length === 0;
  return (
    <>
      <div class="fileline">
        <Icon name="file" /><strong>{name}</strong>
        <span class="muted">{read.detail} · {t("nRows", { n: number(read.rows - (hasHeader ? read.headerAt + 1 : 0)) })}</span>
        {read.unreadSheets > 0 && <span>{t("sheetsUnread", { n: number(read.unreadSheets) })}</span>}
        <button class="button small" onClick={again}>{t("otherFile")}</button>
      </div>
      <Columns read={read} mapping={mapping} change={change} hasHeader={hasHeader} setHasHeader={setHasHeader} lacking={lacking} />
      <ChooseCycle cycle={cycle} choose={setCycle} receive={receive} setReceive={setReceive} fromFile={mapping.receive_begin_time >= 0 && mapping.receive_end_time >= 0} />
      {built && <Preview built={built} />}
      {before && <Before task={before} anew={() => void submit(String(Date.now()))} />}
      <div class="sendbar">
        <p class="muted">
          {lacking.length > 0 ? t("lackingColumns", { names: lacking.map((column) => t(column)).join(t("comma")) })
            : !cycle ? t("chooseCycleFirst")
            : built && built.wrongOrders > 0 ? t("wrongStay", { n: number(built.wrongOrders) }) : ""}
        </p>
        <button class="button primary" disabled={!isReady || busy} onClick={() => void submit("")}>
          <Icon name="import" />{built ? t("importN", { n: number(built.orders) }) : t("import")}
        </button>
      </div>
    </>
  );
}

/** These very orders were sent before: look at that batch, or make a second one. */
function Before({ task, anew }: { task: Task; anew: () => void }) {
  return (
    <section class="hint before" aria-labelledby="before">
      <h2 id="before">{t("beforeTitle")} <TaskChip task={task} /></h2>
      <p>{t("beforeText", { at: short(task.created) })}</p>
      <div class="actions">
        <a class="button primary" href={link(["task", task.id])}>{t("beforeLook")}</a>
        <button class="button" onClick={anew}>{t("beforeYes")}</button>
      </div>
    </section>
  );
}

function rememberedMapping(key: string, read: ReadFile): Mapping | undefined {
  try {
    const kept = JSON.parse(remembered(key) ?? "") as Mapping;
    return COLUMNS.every((column) => Number.isInteger(kept[column]) && kept[column] < read.header.length) ? kept : undefined;
  } catch {
    return undefined;
  }
}
