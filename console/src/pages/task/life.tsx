// A task's life as a line: added, runs with their errors, the next run, its end.
import type { ComponentChildren } from "preact";
import { config } from "../../base/session.ts";
import type { Detail, Run } from "../../data/task.ts";
import { between, short } from "../../parts/time.ts";
import { number, t, type Word } from "../../words/index.ts";
import type { Tone } from "../../parts/outcome.tsx";

interface Event {
  at: string;
  title: string;
  tone: Tone;
  text?: ComponentChildren;
}

export function TimeLine({ task }: { task: Detail }) {
  const events = lifeOf(task);
  return (
    <>
      <ol class="life">
        {events.map((event, n) => (
          <li key={n} class={event.tone}>
            <time>{event.at ? short(event.at) : ""}</time>
            <div><strong>{event.title}</strong>{event.text && <div class="sub">{event.text}</div>}</div>
          </li>
        ))}
      </ol>
      <p class="muted small">{t("timesIn", { zone: config.value.timeZone })}</p>
    </>
  );
}

export function lifeOf(task: Detail): Event[] {
  const events: Event[] = [{ at: task.created, title: task.createdBy ? t("addedBy", { name: task.createdBy }) : t("added"), tone: "rest" }];
  const runs = [...task.runs].sort((a, b) => a.run - b.run);
  events.push(...runs.map(runEvent));
  if (task.started && !runs.some((run) => run.started === task.started)) {
    const attempt = task.maxAttempts > 0 ? t("attemptOf", { n: task.attempt, of: task.maxAttempts }) : "";
    events.push({ at: task.started, title: t("started"), tone: "run", text: attempt });
  }
  if (task.lastError && !runs.some((run) => run.error === task.lastError)) {
    events.push({ at: "", title: t("lastError"), tone: "bad", text: task.lastError });
  }
  if (task.status === 1 && task.nextRun) events.push({ at: task.nextRun, title: t("nextRun"), tone: "half" });
  if (task.status === 2 && task.lease) events.push({ at: task.lease, title: t("heldUntil"), tone: "rest" });
  if (task.status === 3) events.push(endOf(task));
  return events;
}

function runEvent(run: Run): Event {
  const failed = run.error !== "" || run.outcome === "failed" || run.outcome === "lost";
  const counts = run.counts && t("countsWere", { good: number(run.counts.success + run.counts.amended), bad: number(run.counts.failed) });
  return {
    at: run.started || run.ended,
    title: t("runN", { n: number(run.run) }) + (run.ended && run.started ? ` · ${between(run.started, run.ended)}` : ""),
    tone: failed ? "bad" : "rest",
    text: [run.attempt > 1 ? t("attempt", { n: run.attempt }) : "", run.error, counts].filter(Boolean).join(" · "),
  };
}

function endOf(task: Detail): Event {
  const tones: Record<string, Tone> = { success: "good", partial: "half", failed: "bad", cancelled: "rest" };
  const word: Word = task.outcome || "finished";
  const took = task.started ? t("took", { time: between(task.started, task.ended) }) : "";
  return { at: task.ended, title: t(word), tone: tones[word] ?? "good", text: took };
}
