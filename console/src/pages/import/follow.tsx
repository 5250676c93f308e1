// Sending the batches one after the other, watching them, and the way back with the outcomes.
import { useRef, useState } from "preact/hooks";
import { ofStation } from "../../base/client.ts";
import { usePoll } from "../../base/poll.ts";
import { LIVE } from "../../base/poller.ts";
import { link } from "../../base/route.ts";
import { useStore } from "../../base/store.ts";
import { rowsBack } from "../../data/import.ts";
import { STATUSES, type Counts, type Detail } from "../../data/task.ts";
import { readOne } from "../../data/tasks.ts";
import { hand, type Format } from "../../import/table.ts";
import { StackedBar } from "../../parts/bars.tsx";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { TaskChip } from "../../parts/outcome.tsx";
import { Failure, NotCurrent, sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";
import { chooseAnother, mayRetry, progress, sendRest, type CheckedFile } from "./sending.ts";

export function Follow({ file }: { file: CheckedFile }) {
  const { name, parts, station } = file;
  const sent = useStore(progress);
  const followed = usePoll(
    `follow ${sent.count}`,
    (signal) => Promise.all(parts.slice(0, sent.count).map((part) => readOne(part.taskId, signal, ofStation(station)))),
    (tasks) => (tasks.length === parts.length && tasks.every(isDone) ? "stop" : LIVE),
    (tasks) => tasks.map((task) => [task.id, task.status, task.progress, ...Object.values(task.counts)].join()).join("|"),
  );
  const last = useRef<Detail[]>([]);
  if (followed.data) last.current = followed.data;
  const tasks = last.current;
  const total = parts.reduce((sum, part) => sum + part.orders, 0);
  const counts = add(tasks.map((task) => task.counts), total);
  const done = tasks.length === parts.length && tasks.every(isDone);
  const percent = (done ? 1 : (sent.count + sent.share) / parts.length) * 100;
  return (
    <section class="card follow" aria-live="polite">
      <div class="fileline"><Icon name="file" /><strong>{name}</strong><span class="muted">{t("nOrders", { n: number(total) })}</span>{station && <span class="mark">{station}</span>}</div>
      {sent.error !== undefined ? (
        <div class="fault" role="alert"><Icon name="alert" /><span>{sentence(sent.error)}</span>
          {mayRetry(sent) && <button class="button small" onClick={() => void sendRest(file)}>{t("tryAgain")}</button>}
        </div>
      ) : sent.count < parts.length ? (
        <>
          <p>{sent.lost ? t("sendingLost") : t("sendingN", { n: number(sent.count + 1), of: number(parts.length) })}</p>
          <span class="progress run" role="progressbar" aria-label={t("sending")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(percent)}><i style={{ transform: `scaleX(${percent / 100})` }} /></span>
        </>
      ) : (
        <p>{done ? t("importDone", { good: number(counts.success + counts.amended), bad: number(counts.failed) }) : t("working")}</p>
      )}
      {sent.count > 0 && <StackedBar counts={counts} />}
      {sent.count > 0 && <p class="facts">{STATUSES.filter((status) => counts[status] > 0).map((status) => <span key={status}>{t(status)} <b>{number(counts[status])}</b></span>)}</p>}
      <ul class="batches">
        {tasks.map((task) => <li key={task.id}><a href={link(["task", task.id])}>{task.name} <code>{task.ownId}</code></a> <TaskChip task={task} /></li>)}
      </ul>
      {followed.error && tasks.length === 0 && <Failure error={followed.error} again={followed.refresh} />}
      {tasks.length > 0 && <NotCurrent polled={{ ...followed, data: tasks }} />}
      {done && <Back file={file} failed={counts.failed} first={tasks.find((task) => task.counts.failed > 0)} />}
      <div class="actions end"><button class="button" onClick={chooseAnother} disabled={sent.count < parts.length && sent.error === undefined}>{t("importAnother")}</button></div>
    </section>
  );
}

function isDone(task: Detail): boolean {
  return task.status === 3 && task.counts.pending === 0;
}

/** The sum; orders that are not sent yet are pending. */
function add(all: Counts[], total: number): Counts {
  const sum: Counts = { total, success: 0, failed: 0, pending: 0, amended: 0, dropped: 0, cancelled: 0 };
  for (const counts of all) for (const status of STATUSES) sum[status] += counts[status];
  const known = STATUSES.reduce((n, status) => n + sum[status], 0);
  sum.pending += Math.max(0, total - known);
  return sum;
}

function Back({ file: { name, parts, station }, failed, first }: { file: CheckedFile; failed: number; first: Detail | undefined }) {
  const [busy, setBusy] = useState(false);
  const take = async (format: Format) => {
    setBusy(true);
    try {
      hand(await rowsBack(parts, station, format), `${name.replace(/\.[^.]+$/, "")}-${t("outcome")}.${format}`);
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
  };
  return (
    <div class="hint back-again">
      <p>{t("rowsBackText")}</p>
      <div class="actions">
        {failed > 0 && first && <a class="button primary" href={link(["task", first.id], { items: "failed" })}>{t("mendN", { n: number(failed) })}</a>}
        <button class="button" disabled={busy} onClick={() => void take("xlsx")}><Icon name="download" />Excel</button>
        <button class="button" disabled={busy} onClick={() => void take("csv")}><Icon name="download" />CSV</button>
        {busy && <span class="muted">{t("writingFile")}</span>}
      </div>
    </div>
  );
}
