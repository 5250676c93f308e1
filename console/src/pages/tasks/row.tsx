// One line of the task list.
import { link } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { resultCounts, type Task } from "../../data/task.ts";
import { Progress, TaskChip } from "../../parts/outcome.tsx";
import { between, short } from "../../parts/time.ts";
import { number, t } from "../../words/index.ts";

export function TaskRow({ task, chosen, choose }: { task: Task; chosen: boolean; choose: (task: Task, is: boolean) => void }) {
  const open = task.status !== 3;
  return (
    <tr class={chosen ? "chosen" : ""}>
      <td class="pick">
        <input type="checkbox" aria-label={t("choose", { name: task.name })} checked={chosen} onChange={(event) => choose(task, event.currentTarget.checked)} />
      </td>
      <td class="name">
        <a href={link(["task", task.id])}>{task.name}</a>
        <span class="sub">
          {session.value.operator && !session.value.station && task.station && <span class="mark">{task.station}</span>}
          <code>{task.ownId || `#${task.id}`}</code>
          {task.queue && <span>{task.queue}</span>}
          {task.tags.map((tag) => <span key={tag} class="tag">{tag}</span>)}
        </span>
      </td>
      <td class="how">
        <TaskChip task={task} />
        {open && <Progress task={task} label={t("progressOf", { name: task.name })} />}
        {open && <span class="percent">{task.progress}%</span>}
        {open && task.lastError && <span class="sub bad clip" title={task.lastError}>{task.lastError}</span>}
      </td>
      <td class="num counts"><Counts task={task} /></td>
      <td class="when">
        <time title={task.created}>{short(task.created)}</time>
        {task.createdBy && <span class="sub clip">{task.createdBy}</span>}
      </td>
      <td class="num long">{task.started ? between(task.started, task.ended) : ""}</td>
    </tr>
  );
}

function Counts({ task }: { task: Task }) {
  const counts = resultCounts(task);
  if (!counts) return null;
  return (
    <>
      <span class="good" title={t("success")}>{number(counts.good)}</span>
      {counts.bad > 0 && <span class="bad" title={t("failed")}>{number(counts.bad)}<span class="unseen"> {t("failed")}</span></span>}
      {counts.rest > 0 && <span class="muted" title={t("notDone")}>{number(counts.rest)}<span class="unseen"> {t("notDone")}</span></span>}
    </>
  );
}
