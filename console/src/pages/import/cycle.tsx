// The operating cycle the orders belong to, and the receive time of rows that name none.
import { useEffect } from "preact/hooks";
import { usePoll } from "../../base/poll.ts";
import { session } from "../../base/session.ts";
import { readCycles, type Cycle } from "../../data/cycles.ts";
import type { Defaults } from "../../import/orders.ts";
import { Failure, Loading } from "../../parts/state.tsx";
import { t } from "../../words/index.ts";

export interface ReceiveTime {
  day: string;
  from: string;
  to: string;
}

interface Props {
  cycle: Cycle | undefined;
  choose: (cycle: Cycle) => void;
  receive: ReceiveTime;
  setReceive: (receive: ReceiveTime) => void;
  /** The file has both receive times. */
  fromFile: boolean;
}

export function defaultsOf({ day, from, to }: ReceiveTime): Defaults {
  return { begin: day && from ? `${day} ${from}` : "", end: day && to ? `${day} ${to}` : "" };
}

export function ChooseCycle({ cycle, choose, receive, setReceive, fromFile }: Props) {
  const polled = usePoll(`cycles ${session.value.station}`, readCycles, () => "stop");
  const cycles = polled.data ?? [];
  const take = (next: Cycle) => {
    choose(next);
    if (next.receiveFrom) setReceive({ day: next.receiveTo || next.receiveFrom, from: next.windowStart, to: next.windowEnd });
  };
  useEffect(() => {
    const open = cycles.filter((one) => one.takesOrders);
    if (!cycle && open.length === 1 && open[0]) take(open[0]);
  }, [polled.data]);
  return (
    <section class="card" aria-labelledby="cycle">
      <h2 id="cycle">{t("cycleTitle")}</h2>
      {polled.loading && <Loading what={t("readingCycles")} />}
      {polled.error && <Failure error={polled.error} again={polled.refresh} />}
      {polled.data && cycles.length === 0 && <p class="muted">{t("noCycles")}</p>}
      <div class="cycles" role="radiogroup" aria-labelledby="cycle">
        {cycles.map((one) => (
          <label key={one.id} class={one.takesOrders ? "cycle" : "cycle closed"}>
            <input type="radio" name="cycle" disabled={!one.takesOrders} checked={cycle?.id === one.id} onChange={() => take(one)} />
            <span><strong>{one.name}</strong> <code>{one.id}</code>
              <span class="sub">{one.takesOrders ? t("takesUntil", { to: one.orderTo }) : t("takesNone", { from: one.orderFrom, to: one.orderTo })}
                {one.receiveFrom && <span>{t("receiveDays", { from: one.receiveFrom, to: one.receiveTo, start: one.windowStart, end: one.windowEnd })}</span>}
              </span>
            </span>
          </label>
        ))}
      </div>
      {cycle && fromFile && <details class="raw"><summary>{t("receiveRest", { time: said(receive) })}</summary><Receive {...{ cycle, receive, setReceive }} /></details>}
      {cycle && !fromFile && <><h3 class="receive-head">{t("receiveAll")}</h3><Receive {...{ cycle, receive, setReceive }} /></>}
    </section>
  );
}

function said({ day, from, to }: ReceiveTime): string {
  return day && from && to ? `${day} ${from}–${to}` : t("receiveNone");
}

function Receive({ cycle, receive, setReceive }: { cycle: Cycle; receive: ReceiveTime; setReceive: (receive: ReceiveTime) => void }) {
  const field = (name: keyof ReceiveTime, type: "date" | "time") => {
    const shared = { value: receive[name], onChange: (event: { currentTarget: HTMLInputElement }) => setReceive({ ...receive, [name]: event.currentTarget.value }) };
    return type === "date" ? <input type="date" min={cycle.receiveFrom} max={cycle.receiveTo} {...shared} /> : <input type="time" {...shared} />;
  };
  return (
    <div class="receive">
      <label class="field"><span>{t("day")}</span>{field("day", "date")}</label>
      <label class="field"><span>{t("from")}</span>{field("from", "time")}</label>
      <label class="field"><span>{t("to")}</span>{field("to", "time")}</label>
    </div>
  );
}
