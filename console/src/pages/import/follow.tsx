// Sending the batches one after the other, watching them, and the way back with the outcomes.
import { useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "../../base/client.ts";
import { link } from "../../base/route.ts";
import { LIVE, usePoll } from "../../base/poll.ts";
import { rowsBack, submit } from "../../data/import.ts";
import { STATUSES, type Counts, type Detail } from "../../data/task.ts";
import { readOne } from "../../data/tasks.ts";
import { hand, type Format } from "../../import/table.ts";
import type { Part } from "../../import/worker.ts";
import { StackedBar } from "../../parts/bars.tsx";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { TaskChip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";

interface Props {
  name: string;
  parts: Part[];
  cycle: string;
  again: () => void;
}

type Sent = { count: number; share: number; lost: boolean; error?: unknown };

function useSending({ name, parts, cycle }: Props): [Sent, () => void] {
  const [sent, setSent] = useState<Sent>({ count: 0, share: 0, lost: false });
  const [turn, setTurn] = useState(0);
  const count = useRef(0);
  useEffect(() => {
    const abort = new AbortController();
    const leave = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", leave);
    const run = async () => {
      for (const part of parts.slice(count.current)) {
        const sent = (share: number) => setSent({ count: count.current, share, lost: false });
        const lost = (isLost: boolean) => setSent((old) => ({ ...old, lost: isLost }));
        await submit({ cycle, file: name, part, sent, lost, signal: abort.signal });
        count.current += 1;
        setSent({ count: count.current, share: 0, lost: false });
      }
    };
    run()
      .catch((error: unknown) => !abort.signal.aborted && setSent({ count: count.current, share: 0, lost: false, error }))
      .finally(() => window.removeEventListener("beforeunload", leave));
    return () => (abort.abort(), window.removeEventListener("beforeunload", leave));
  }, [turn]);
  return [sent, () => setTurn((n) => n + 1)];
}

export function Follow(props: Props) {
  const { name, parts, again } = props;
  const [sent, retry] = useSending(props);
  const followed = usePoll(
    `follow ${sent.count}`,
    (signal) => Promise.all(parts.slice(0, sent.count).map((part) => readOne(part.taskId, signal))),
    (tasks) => (tasks.length === parts.length && tasks.every(isDone) ? "stop" : LIVE),
    (tasks) => tasks.map((task) => [task.id, task.status, task.progress, ...Object.values(task.counts)].join()).join("|"),
  );
  const last = useRef<Detail[]>([]);
  if (followed.data) last.current = followed.data;
  const tasks = last.current;
  const total = parts.reduce((sum, part) => sum + part.orders, 0);
  const counts = add(tasks.map((task) => task.counts), total);
  const done = tasks.length === parts.length && tasks.every(isDone);
  const progress = (done ? 1 : (sent.count + sent.share) / parts.length) * 100;
  return (
    <section class="card follow" aria-live="polite">
      <div class="fileline"><Icon name="file" /><strong>{name}</strong><span class="muted">{t("nOrders", { n: number(total) })}</span></div>
      {sent.error !== undefined ? (
        <div class="fault" role="alert"><Icon name="alert" /><span>{sentence(sent.error)}</span>
          {(!(sent.error instanceof CallError) || sent.error.kind !== "refused") && <button class="button small" onClick={retry}>{t("tryAgain")}</button>}
        </div>
      ) : sent.count < parts.length ? (
        <>
          <p>{sent.lost ? t("sendingLost") : t("sendingN", { n: number(sent.count + 1), of: number(parts.length) })}</p>
          <span class="progress run" role="progressbar" aria-label={t("sending")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(progress)}><i style={{ transform: `scaleX(${progress / 100})` }} /></span>
        </>
      ) : (
        <p>{done ? t("importDone", { good: number(counts.success + counts.amended), bad: number(counts.failed) }) : t("working")}</p>
      )}
      {sent.count > 0 && <StackedBar counts={counts} />}
      {sent.count > 0 && <p class="facts">{STATUSES.filter((status) => counts[status] > 0).map((status) => <span key={status}>{t(status)} <b>{number(counts[status])}</b></span>)}</p>}
      <ul class="batches">
        {tasks.map((task) => <li key={task.id}><a href={link(["task", task.id])}>{task.name} <code>{task.ownId}</code></a> <TaskChip task={task} /></li>)}
      </ul>
      {done && <Back name={name} parts={parts} failed={counts.failed} first={tasks.find((task) => task.counts.failed > 0)} />}
      <div class="actions end"><button class="button" onClick={again} disabled={sent.count < parts.length && sent.error === undefined}>{t("importAnother")}</button></div>
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

function Back({ name, parts, failed, first }: { name: string; parts: Part[]; failed: number; first: Detail | undefined }) {
  const [busy, setBusy] = useState(false);
  const take = async (format: Format) => {
    setBusy(true);
    try {
      hand(await rowsBack(parts, format), `${name.replace(/\.[^.]+$/, "")}-${t("outcome")}.${format}`);
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
