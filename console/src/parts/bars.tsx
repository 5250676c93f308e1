// The bar of a batch's outcomes, and the outcomes of today by hour.
import type { ComponentChildren } from "preact";
import { STATUSES, type Counts, type ItemStatus } from "../data/task.ts";
import { number, t } from "../words/index.ts";
import { tone } from "./outcome.tsx";

export function StackedBar({ counts }: { counts: Counts }) {
  const shown = STATUSES.filter((status) => counts[status] > 0);
  const words = shown.map((status) => `${t(status)} ${number(counts[status])}`).join(", ");
  return (
    <div class="stacked" role="img" aria-label={words || t("noItems")}>
      {shown.map((status) => (
        <i key={status} class={`${tone(status)} s-${status}`} style={{ flexGrow: String(counts[status]) }} />
      ))}
    </div>
  );
}

export interface Choice<T extends string> {
  value: T;
  label: ComponentChildren;
  count?: number;
  tone?: string;
}

/** One of several, all in sight. */
export function Segments<T extends string>(props: { label: string; choices: Choice<T>[]; value: T; choose: (value: T) => void }) {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {props.choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          class={choice.tone ? `segment ${choice.tone}` : "segment"}
          aria-pressed={choice.value === props.value}
          onClick={() => props.choose(choice.value)}
        >
          {choice.tone && <i class="dot" aria-hidden="true" />}
          {choice.label}
          {choice.count !== undefined && <b>{number(choice.count)}</b>}
        </button>
      ))}
    </div>
  );
}

export function statusChoices(counts: Counts): Choice<ItemStatus | "all">[] {
  const kept = STATUSES.filter((status) => counts[status] > 0 || status === "success" || status === "failed");
  return [
    { value: "all", label: t("all"), count: counts.total },
    ...kept.map((status) => ({ value: status, label: t(status), count: counts[status], tone: tone(status) })),
  ];
}

export interface Hour {
  hour: string;
  success: number;
  partial: number;
  failed: number;
  cancelled: number;
}

const PARTS = ["success", "partial", "failed", "cancelled"] as const;

/** 24 columns of today's ends; a table for those who hear it. */
export function HoursChart({ hours, caption }: { hours: Hour[]; caption: string }) {
  const byHour = new Map(hours.map((hour) => [Number(hour.hour.slice(11, 13)), hour]));
  const sum = (hour: Hour) => PARTS.reduce((total, part) => total + hour[part], 0);
  const most = Math.max(1, ...hours.map(sum));
  const step = niceStep(most);
  const top = Math.ceil(most / step) * step;
  const lines = Array.from({ length: Math.round(top / step) + 1 }, (_, n) => n * step);
  return (
    <figure class="hours">
      <div class="plot" aria-hidden="true">
        {lines.map((line) => (
          <span key={line} class="line" style={{ bottom: `${(line / top) * 100}%` }}><em>{number(line)}</em></span>
        ))}
        <div class="bars">
          {Array.from({ length: 24 }, (_, at) => {
            const hour = byHour.get(at);
            return (
              <div key={at} class="column" title={hour ? title(hour) : ""}>
                {hour && PARTS.map((part) => hour[part] > 0 && <i key={part} class={`o-${part}`} style={{ height: `${(hour[part] / top) * 100}%` }} />)}
                {at % 3 === 0 && <span>{String(at).padStart(2, "0")}</span>}
              </div>
            );
          })}
        </div>
      </div>
      <table class="unseen">
        <caption>{caption}</caption>
        <thead><tr><th scope="col">{t("hour")}</th>{PARTS.map((part) => <th key={part} scope="col">{t(part)}</th>)}</tr></thead>
        <tbody>{hours.map((hour) => (
          <tr key={hour.hour}><th scope="row">{hour.hour.slice(11, 16)}</th>{PARTS.map((part) => <td key={part}>{hour[part]}</td>)}</tr>
        ))}</tbody>
      </table>
    </figure>
  );
}

function title(hour: Hour): string {
  const parts = PARTS.filter((part) => hour[part] > 0).map((part) => `${t(part)} ${number(hour[part])}`);
  return `${hour.hour.slice(11, 16)} · ${parts.join(", ")}`;
}

function niceStep(most: number): number {
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? 1;
}
