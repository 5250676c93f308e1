// Lists deliveries to callbacks with their state and last answer; an operator sends them again.
import { link } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { resend, type Delivery } from "../../data/operate.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Chip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { short } from "../../parts/time.ts";
import { number, t, type Word } from "../../words/index.ts";

const WORDS: Record<string, Word> = { open: "deliveryOpen", delivered: "delivered", given_up: "givenUp", held_back: "heldBack" };

/** Lists deliveries; `ofTask` leaves out the task on its own page. */
export function Deliveries({ rows, refresh, ofTask = false }: { rows: Delivery[]; refresh: () => void; ofTask?: boolean }) {
  const { operator } = useStore(session);
  const again = async (delivery: Delivery) => {
    try {
      note((await resend(delivery.id)) ? t("resent") : t("nothingToResend"));
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    refresh();
  };
  return (
    <ul class="troubles">
      {rows.map((row) => (
        <li key={row.id}>
          <div>
            {ofTask ? <strong>{row.callback}</strong> : <a href={link(["task", row.taskId])}>{row.taskName}</a>}
            <span class="sub">{!ofTask && <><span class="mark">{row.station}</span><code>#{row.taskId}</code><span>{row.callback}</span></>}<code>{row.event}</code></span>
          </div>
          <div>
            <span><Chip word={WORDS[row.state] ?? "deliveryOpen"} /> {t("tries", { n: number(row.tries) })}{row.httpStatus && ` · HTTP ${row.httpStatus}`}</span>
            {row.error && <span class="sub bad cause">{row.error}</span>}
            {row.tried && <span class="sub">{t("lastTry", { at: short(row.tried) })}</span>}
            {row.state === "open" && row.next && <span class="sub">{t("nextTry", { at: short(row.next) })}</span>}
          </div>
          <div class="letter-end">
            <time title={row.created}>{short(row.created)}</time>
            {operator && row.state !== "open" && <button class="button small" onClick={() => void again(row)}><Icon name="retry" />{t("resend")}</button>}
          </div>
        </li>
      ))}
    </ul>
  );
}
