// How a task or an order stands, told by a sign and a word, never by colour alone.
import type { ItemStatus, Task } from "../data/task.ts";
import { t, type Word } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

export type Tone = "good" | "bad" | "half" | "run" | "rest";

const TONES: Record<string, { tone: Tone; icon: IconName }> = {
  success: { tone: "good", icon: "check" },
  partial: { tone: "half", icon: "half" },
  failed: { tone: "bad", icon: "cross" },
  cancelled: { tone: "rest", icon: "stop" },
  submitted: { tone: "rest", icon: "clock" },
  running: { tone: "run", icon: "run" },
  retrying: { tone: "half", icon: "retry" },
  finished: { tone: "good", icon: "check" },
  pending: { tone: "run", icon: "clock" },
  amended: { tone: "good", icon: "hand" },
  deliveryOpen: { tone: "run", icon: "clock" },
  delivered: { tone: "good", icon: "check" },
  givenUp: { tone: "bad", icon: "cross" },
  heldBack: { tone: "half", icon: "pause" },
  settled: { tone: "good", icon: "check" },
  dropped: { tone: "rest", icon: "stop" },
};

export function standing(task: Task): Word {
  if (task.status === 3) return task.outcome || "finished";
  if (task.status === 2) return "running";
  return task.attempt > 0 && task.queue ? "retrying" : "submitted";
}

export function Chip({ word }: { word: Word }) {
  const look = TONES[word] ?? { tone: "rest", icon: "clock" };
  return <span class={`chip ${look.tone}`}><Icon name={look.icon} />{t(word)}</span>;
}

export function TaskChip({ task }: { task: Task }) {
  return <Chip word={standing(task)} />;
}

export function tone(status: ItemStatus): Tone {
  return TONES[status]?.tone ?? "rest";
}

export function Progress({ task, label }: { task: Pick<Task, "progress" | "status" | "outcome">; label: string }) {
  const done = task.status === 3;
  const look = done ? (TONES[task.outcome || "finished"]?.tone ?? "rest") : task.status === 2 ? "run" : "rest";
  return (
    <span class={`progress ${look}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={task.progress}>
      <i style={{ transform: `scaleX(${task.progress / 100})` }} />
    </span>
  );
}
