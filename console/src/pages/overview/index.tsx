// What needs somebody now comes first; then how the day goes.
import type { ComponentChildren } from "preact";
import { usePoll } from "../../base/poll.ts";
import type { Rhythm } from "../../base/poller.ts";
import { link } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { readOverview, type Overview, type Trouble } from "../../data/operate.ts";
import { HoursChart } from "../../parts/bars.tsx";
import { Icon, type IconName } from "../../parts/icons.tsx";
import { Failure, Loading, NotCurrent } from "../../parts/state.tsx";
import { length } from "../../parts/time.ts";
import { number, t, type Word } from "../../words/index.ts";
import { DeadLetters } from "../queues/dead-letters.tsx";

const RHYTHM: Rhythm = { quick: 10_000, slow: 30_000 };

export function OverviewPage() {
  const { station } = useStore(session);
  const polled = usePoll(`overview ${station}`, readOverview, () => RHYTHM);
  return (
    <main>
      <header class="head"><h1>{t("overview")}</h1></header>
      {polled.loading && <Loading what={t("readingOverview")} rows={5} />}
      {polled.error && !polled.data && <Failure error={polled.error} again={polled.refresh} />}
      <NotCurrent polled={polled} />
      {polled.data && <Shown read={polled.data} refresh={polled.refresh} />}
    </main>
  );
}

function Shown({ read, refresh }: { read: Overview; refresh: () => void }) {
  const calm = read.stuck.length + read.failing.length + read.deadLetters.length === 0;
  return (
    <>
      {calm ? (
        <p class="calm"><Icon name="check" />{t("nothingNeeded")}</p>
      ) : (
        <section class="needs" aria-label={t("needsSomebody")}>
          {read.deadLetters.length > 0 && (
            <Need icon="mail" title={t("deadLetters")} count={read.deadLetters.length}><DeadLetters rows={read.deadLetters} refresh={refresh} /></Need>
          )}
          {read.stuck.length > 0 && <Need icon="alert" title={t("stuck")} count={read.stuck.length}><Troubles rows={read.stuck} /></Need>}
          {read.failing.length > 0 && <Need icon="retry" title={t("failing")} count={read.failing.length}><Troubles rows={read.failing} /></Need>}
        </section>
      )}
      <dl class="numbers">
        <Figure name={t("openTasks")} value={read.open} capped={read.openCapped} href={link(["tasks"], { show: "open" })} />
        <Figure name={t("workRunning")} value={read.running} capped={read.workCapped} />
        <Figure name={t("workReady")} value={read.ready + read.waiting} capped={read.workCapped} />
        <Figure name={t("workDelayed")} value={read.delayed} capped={read.workCapped} />
        <div>
          <dt>{t("oldestWaiting")}</dt>
          <dd>{read.oldest ? <a href={link(["task", read.oldest.taskId])}>{length(read.oldest.seconds)}</a> : "–"}</dd>
          {read.oldest && <dd class="sub">{read.oldest.name} · {read.oldest.queue}</dd>}
        </div>
      </dl>
      <section class="card" aria-labelledby="today">
        <div class="row wrap between">
          <h2 id="today">{t("endedToday")}</h2>
          <p class="legend">{(["success", "partial", "failed", "cancelled"] as const).map((part) => (
            <span key={part}><i class={`o-${part}`} aria-hidden="true" />{t(part)} <b>{number(read.hours.reduce((sum, hour) => sum + hour[part], 0))}</b></span>
          ))}</p>
        </div>
        {read.hours.length === 0 ? <p class="state muted">{t("noneEnded")}</p> : <HoursChart hours={read.hours} caption={t("endedToday")} />}
        {read.todayCapped && <p class="muted small">{t("todayCapped")}</p>}
      </section>
    </>
  );
}

function Need({ icon, title, count, children }: { icon: IconName; title: string; count: number; children: ComponentChildren }) {
  return (
    <section class="card need">
      <h2><Icon name={icon} />{title} <b class="badge">{count < 20 ? count : "20+"}</b></h2>
      {children}
    </section>
  );
}

function Figure({ name, value, capped, href }: { name: string; value: number; capped: boolean; href?: string }) {
  const shown = number(value) + (capped ? "+" : "");
  return <div><dt>{name}</dt><dd>{href ? <a href={href}>{shown}</a> : shown}</dd></div>;
}

function Troubles({ rows }: { rows: Trouble[] }) {
  return (
    <ul class="troubles">
      {rows.map((row) => (
        <li key={`${row.taskId}.${row.chunk}`}>
          <div>
            <a href={link(["task", row.taskId])}>{row.name}</a>
            <span class="sub"><Place row={row} /></span>
          </div>
          <div>
            <span>{t(`reason_${row.reason}` as Word)}{row.maxAttempts > 0 && row.attempt > 0 && ` · ${t("attemptOf", { n: row.attempt, of: row.maxAttempts })}`}</span>
            {row.lastError && <span class="sub bad">{row.lastError}</span>}
          </div>
          <time title={row.since}>{length(row.seconds)}</time>
        </li>
      ))}
    </ul>
  );
}

/** Where the work is: station, queue, chunk and its orders. */
export function Place({ row }: { row: { station: string; ownId: string; taskId: string; queue: string; kind: string; chunk: string; firstIndex: number; items: number } }) {
  return (
    <>
      <span class="mark">{row.station}</span><code>{row.ownId || `#${row.taskId}`}</code><span>{row.queue}</span>
      {row.kind === "chunk" && <span>{t("chunkOf", { n: row.chunk, from: number(row.firstIndex + 1), to: number(row.firstIndex + row.items) })}</span>}
    </>
  );
}
