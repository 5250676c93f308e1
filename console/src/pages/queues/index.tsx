// Queues for operators: how deep, how old, how many fail; pause, retry; dead letters; callbacks.
import { useEffect, useState } from "preact/hooks";
import { CallError } from "../../base/client.ts";
import { usePoll } from "../../base/poll.ts";
import type { Rhythm } from "../../base/poller.ts";
import { link, route, setQuery } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { pause, readDeadLetters, readDeliveries, readQueues, retryFailed, type Page, type Queue } from "../../data/operate.ts";
import { Segments } from "../../parts/bars.tsx";
import { ask, note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Failure, Loading, NotCurrent, sentence } from "../../parts/state.tsx";
import { length } from "../../parts/time.ts";
import { number, t } from "../../words/index.ts";
import { DeadLetters } from "./dead-letters.tsx";
import { Deliveries } from "./deliveries.tsx";

const RHYTHM: Rhythm = { quick: 4_000, slow: 20_000 };
const TABS = ["queues", "deadLetters", "callbacks"] as const;
type Tab = (typeof TABS)[number];

export function QueuesPage() {
  const { query } = useStore(route);
  const { station } = useStore(session);
  const tab = (TABS as readonly string[]).includes(query.get("tab") ?? "") ? (query.get("tab") as Tab) : "queues";
  return (
    <main>
      <header class="head"><h1>{t("queues")}</h1></header>
      <div><Segments label={t("queues")} value={tab} choices={TABS.map((value) => ({ value, label: t(value) }))} choose={(value) => setQuery({ tab: value })} /></div>
      {tab === "queues" && <Queues />}
      {tab === "deadLetters" && <Paged key={`d ${station}`} what={t("readingLetters")} none={t("noDeadLetters")} read={readDeadLetters} row={(rows, refresh) => <DeadLetters rows={rows} refresh={refresh} />} />}
      {tab === "callbacks" && <Paged key={`c ${station}`} what={t("readingCallbacks")} none={t("noCallbacks")} read={readDeliveries} row={(rows, refresh) => <Deliveries rows={rows} refresh={refresh} />} />}
    </main>
  );
}

function Queues() {
  const polled = usePoll("queues", readQueues, () => RHYTHM);
  if (polled.loading) return <Loading what={t("readingQueues")} rows={4} />;
  if (polled.error && !polled.data) return <Failure error={polled.error} again={polled.refresh} />;
  const queues = polled.data ?? [];
  if (queues.length === 0) return <Empty icon="queues" title={t("noQueues")}>{t("noQueuesHint")}</Empty>;
  return (
    <>
      <NotCurrent polled={polled} />
      <div class="queues">{queues.map((queue) => <QueueCard key={queue.name} queue={queue} refresh={polled.refresh} />)}</div>
    </>
  );
}

function QueueCard({ queue, refresh }: { queue: Queue; refresh: () => void }) {
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
    refresh();
  };
  const turn = (paused: boolean) =>
    run(async () => {
      await pause(queue.name, paused);
      note(paused ? t("paused", { name: queue.name }) : t("resumed", { name: queue.name }), { undo: () => void turn(!paused) });
    });
  const again = () =>
    run(async () => {
      const n = await retryFailed(queue.name, true);
      if (n === 0) return note(t("nothingToRetry"));
      const yes = await ask({ title: t("retryQuestion", { n: number(n), name: queue.name }), text: t("retryText"), yes: t("retryYes", { n: number(n) }) });
      if (yes) note(t("retried", { n: number(await retryFailed(queue.name, false)) }));
    });
  return (
    <section class={queue.paused ? "card queue is-paused" : "card queue"} aria-label={queue.name}>
      <header>
        <h2>{queue.name} {queue.paused && <span class="chip half"><Icon name="pause" />{t("isPaused")}</span>}</h2>
        <div class="actions">
          <a class="button quiet small" href={link(["tasks"], { queue: queue.name })}>{t("tasks")}</a>
          <button class="button small" disabled={busy} onClick={() => void again()}><Icon name="retry" />{t("retryFailedTasks")}</button>
          <button class="button small" disabled={busy} onClick={() => void turn(!queue.paused)}><Icon name={queue.paused ? "run" : "pause"} />{queue.paused ? t("resume") : t("pause")}</button>
        </div>
      </header>
      <dl class="numbers small-numbers">
        <div><dt>{t("waiting")}</dt><dd>{depth(queue.waiting)}</dd></div>
        <div><dt>{t("running")}</dt><dd>{depth(queue.running)}</dd></div>
        <div><dt>{t("delayed")}</dt><dd>{depth(queue.delayed)}</dd></div>
        <div><dt>{t("oldest")}</dt><dd>{queue.waiting > 0 ? length(queue.oldest) : "–"}</dd></div>
        <div class={queue.failedToday > 0 ? "is-bad" : ""}><dt>{t("failedToday")}</dt><dd>{depth(queue.failedToday)}</dd></div>
      </dl>
      <p class="muted small">{t("queueRules", { mode: queue.mode, timeout: length(queue.timeout), attempts: queue.maxAttempts, runs: queue.concurrency || t("any") })}</p>
    </section>
  );
}

function depth(n: number): string {
  return n >= 10_000 ? `${number(n)}+` : number(n);
}

interface PagedProps<T> {
  what: string;
  none: string;
  read: (after: string, signal?: AbortSignal) => Promise<Page<T>>;
  row: (rows: T[], refresh: () => void) => preact.ComponentChildren;
}

/** A list that is read once, goes on by a button, and is read anew after each change. */
function Paged<T>({ what, none, read, row }: PagedProps<T>) {
  const [page, setPage] = useState<Page<T> | CallError | undefined>(undefined);
  const load = async (after: string, before: T[]) => {
    try {
      const next = await read(after);
      setPage({ rows: [...before, ...next.rows], next: next.next });
    } catch (error) {
      setPage(error instanceof CallError ? error : new CallError("broken", "", ""));
    }
  };
  useEffect(() => void load("", []), []);
  if (!page) return <Loading what={what} rows={4} />;
  if (page instanceof CallError) return <Failure error={page} again={() => void load("", [])} />;
  if (page.rows.length === 0) return <Empty icon="mail" title={none} />;
  return (
    <section class="card">
      {row(page.rows, () => void load("", []))}
      {page.next && <div class="more"><button class="button" onClick={() => void load(page.next, page.rows)}>{t("loadMore")}</button></div>}
    </section>
  );
}
