// Actions on several tasks at once.
import { useState } from "preact/hooks";
import { resultCounts, type Task } from "../../data/task.ts";
import { close, isOpen, retry } from "../../data/tasks.ts";
import { ask, note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";

const AT_ONCE = 100;

/** Tells whether a task can run again: it has a queue, or is a batch with something failed that was not closed. */
export function canRetry(task: Task): boolean {
  if (task.status !== 3 || task.outcome === "success") return false;
  return task.queue !== "" || (task.outcome !== "cancelled" && (resultCounts(task)?.bad ?? 0) > 0);
}

/** Asks whether to close these tasks, and says what closing means for them. */
export async function askToClose(tasks: Task[]): Promise<boolean> {
  const running = tasks.filter(isOpen).length;
  const title = running > 0 ? t("cancelQuestion", { n: number(running) }) : t("closeQuestion", { n: number(tasks.length) });
  return ask({ title, text: running > 0 ? t("cancelText") : t("closeText"), yes: running > 0 ? t("cancelYes") : t("closeYes"), danger: running > 0 });
}

export function Selected({ tasks, done, clear }: { tasks: Task[]; done: (gone: Set<string>) => void; clear: () => void }) {
  const [busy, setBusy] = useState(false);
  if (tasks.length === 0) return null;
  const again = tasks.filter(canRetry);
  const run = async (work: () => Promise<string>, gone: Task[]) => {
    setBusy(true);
    try {
      note(await work());
      done(new Set(gone.map((task) => task.id)));
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy(false);
  };
  const closeAll = async () => {
    if (!(await askToClose(tasks))) return;
    await run(async () => {
      for (let at = 0; at < tasks.length; at += AT_ONCE) await close(tasks.slice(at, at + AT_ONCE).map((task) => task.id));
      return t("closed", { n: number(tasks.length) });
    }, tasks);
  };
  const retryAll = () =>
    run(async () => {
      let sum = 0;
      for (let at = 0; at < again.length; at += AT_ONCE) sum += await retry(again.slice(at, at + AT_ONCE).map((task) => task.id));
      return t("retried", { n: number(sum) });
    }, []);
  return (
    <div class="selected" role="region" aria-label={t("selectedTasks")}>
      <strong>{t("nSelected", { n: number(tasks.length) })}</strong>
      <button class="button" disabled={busy || again.length === 0} onClick={() => void retryAll()}><Icon name="retry" />{t("retry")}{again.length > 0 && ` (${again.length})`}</button>
      <button class="button" disabled={busy} onClick={() => void closeAll()}><Icon name="cross" />{t("close")}</button>
      <button class="button quiet" onClick={clear}>{t("clearSelection")}</button>
    </div>
  );
}
