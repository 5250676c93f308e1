// What can be done with this task, by how it stands.
import { useState } from "preact/hooks";
import { go, seenList } from "../../base/route.ts";
import type { Detail } from "../../data/task.ts";
import { close, isOpen, retry } from "../../data/tasks.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";
import { askToClose, canRetry } from "../tasks/selected.tsx";
import { TakeAway } from "./take-away.tsx";

export function Actions({ task, refresh }: { task: Detail; refresh: () => void }) {
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
  const again = () =>
    run(async () => {
      const retried = await retry([task.id]);
      note(retried > 0 ? t("runsAgain") : t("nothingToRetry"));
    });
  const end = async () => {
    if (!(await askToClose([task]))) return;
    const wasOpen = isOpen(task);
    await run(async () => {
      await close([task.id]);
      note(wasOpen ? t("wasCancelled") : t("closed", { n: number(1) }));
      if (!wasOpen) go(seenList.hash);
    });
  };
  return (
    <div class="actions">
      {task.isBatch && task.counts.total > 0 && <TakeAway task={task} />}
      {canRetry(task) && (
        <button class="button" disabled={busy} onClick={() => void again()}><Icon name="retry" />{task.isBatch ? t("retryFailed") : t("retry")}</button>
      )}
      {(isOpen(task) || task.shown) && (
        <button class={isOpen(task) ? "button danger-quiet" : "button"} disabled={busy} onClick={() => void end()}>
          <Icon name={isOpen(task) ? "stop" : "cross"} />{isOpen(task) ? t("cancel") : t("close")}
        </button>
      )}
    </div>
  );
}
