// One task: how it stands, its life, its items, its result.
import { useEffect, useState } from "preact/hooks";
import { usePoll } from "../../base/poll.ts";
import { IDLE, LIVE } from "../../base/poller.ts";
import { link, seenList } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { isRecord, parse, text, type Json } from "../../base/json.ts";
import { batchHead } from "../../data/items.ts";
import type { Detail } from "../../data/task.ts";
import { isOpen, readOne } from "../../data/tasks.ts";
import { Icon } from "../../parts/icons.tsx";
import { Progress, TaskChip } from "../../parts/outcome.tsx";
import { Failure, Loading, NotCurrent } from "../../parts/state.tsx";
import { JsonView } from "../../parts/tree.tsx";
import { t } from "../../words/index.ts";
import { Actions } from "./actions.tsx";
import { Batch } from "./batch.tsx";
import { TimeLine } from "./life.tsx";
import { Told } from "./told.tsx";

export function TaskPage({ id }: { id: string }) {
  const { station } = useStore(session);
  const polled = usePoll(
    `${station} ${id}`,
    (signal) => readOne(id, signal),
    (task) => (isOpen(task) || task.counts.pending > 0 ? LIVE : IDLE),
  );
  const task = polled.data;
  useEffect(() => {
    if (task) document.title = `${task.name} · ${t("brand")}`;
  }, [task?.name]);
  return (
    <main class="task">
      <a class="back" href={seenList.hash}><Icon name="back" />{t("tasks")}</a>
      {polled.loading && <Loading what={t("loadingTask")} rows={6} />}
      {polled.error && !task && <Failure error={polled.error} again={polled.refresh} />}
      <NotCurrent polled={polled} />
      {task && <Shown task={task} refresh={polled.refresh} />}
    </main>
  );
}

function Shown({ task, refresh }: { task: Detail; refresh: () => void }) {
  return (
    <>
      <header class="head">
        <div>
          <h1>{task.name} <TaskChip task={task} /></h1>
          <Facts task={task} />
        </div>
        <Actions task={task} refresh={refresh} />
      </header>
      {isOpen(task) && (
        <div class="live">
          <Progress task={task} label={t("progressOf", { name: task.name })} />
          <b>{task.progress}%</b>
        </div>
      )}
      {task.isBatch && <Batch task={task} refresh={refresh} />}
      <div class={task.isBatch ? "columns" : "columns wide"}>
        <section class="card" aria-labelledby="life">
          <h2 id="life">{t("life")}</h2>
          <TimeLine task={task} />
        </section>
        <section class="card" aria-labelledby="result">
          <h2 id="result">{t("result")}</h2>
          {task.result === null ? <p class="muted">{t("noResult")}</p> : task.isBatch ? <BatchResult task={task} /> : <JsonView value={task.result} label={t("result")} />}
          {task.input !== undefined && task.input !== null && <Input value={task.input} />}
        </section>
      </div>
      {(task.status === 3 || task.runCount > 1) && <Told task={task} />}
    </>
  );
}

/** A batch's result is its sentence; its numbers and failed orders are above. */
function BatchResult({ task }: { task: Detail }) {
  const rest = isRecord(task.result) ? Object.fromEntries(Object.entries(task.result).filter(([name]) => name !== "failed")) : {};
  return (
    <>
      <p>{text(rest["msg"])}</p>
      <details class="raw"><summary>{t("asJson")}</summary><JsonView value={rest} label={t("result")} /></details>
    </>
  );
}

function Input({ value }: { value: Json }) {
  const [read] = useState(() => {
    if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
    try {
      return parse(value);
    } catch {
      return value;
    }
  });
  return <><h2>{t("input")}</h2><JsonView value={read} label={t("input")} /></>;
}

function Facts({ task }: { task: Detail }) {
  const [head, setHead] = useState<{ cycle: string; file: string } | undefined>(undefined);
  useEffect(() => {
    if (task.isBatch) batchHead(task.id).then(setHead, () => undefined);
  }, [task.id, task.isBatch, task.runCount]);
  return (
    <p class="facts">
      {head?.file && <span class="filename"><Icon name="file" />{head.file}</span>}
      {head?.cycle && <span><span class="muted">{t("cycleTitle")}</span> <code>{head.cycle}</code></span>}
      {task.station && <span><span class="muted">{t("station")}</span> {task.station}</span>}
      <span><span class="muted">{t("id")}</span> <code>{task.id}</code></span>
      {task.ownId && <span><span class="muted">{t("ownId")}</span> <code>{task.ownId}</code></span>}
      {task.queue && <span><span class="muted">{t("queue")}</span> {task.queue}</span>}
      {task.type !== 0 && <span><span class="muted">{t("type")}</span> {task.type}</span>}
      {task.tags.map((tag) => <a key={tag} class="tag" href={link(["tasks"], { tag })}>{tag}</a>)}
      {!task.shown && <span class="muted">{t("hidden")}</span>}
    </p>
  );
}
