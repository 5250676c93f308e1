// Deliveries of a task: which callbacks were told of its end, with which answer, and when the next try is.
import { usePoll } from "../../base/poll.ts";
import { LIVE } from "../../base/poller.ts";
import { readDeliveriesOf } from "../../data/operate.ts";
import type { Detail } from "../../data/task.ts";
import { NotCurrent } from "../../parts/state.tsx";
import { t } from "../../words/index.ts";
import { Deliveries } from "../queues/deliveries.tsx";

/** Shows the deliveries of a task, if it has any. They are read anew when the task ends or changes, and while a delivery is open. */
export function Told({ task }: { task: Detail }) {
  const polled = usePoll(
    `told ${task.id} ${task.status} ${task.ended} ${JSON.stringify(task.counts)}`,
    (signal) => readDeliveriesOf(task.id, signal),
    (rows) => (rows.some((row) => row.state === "open") ? LIVE : "stop"),
  );
  const rows = polled.data ?? [];
  if (rows.length === 0) return null;
  return (
    <section class="card told" aria-labelledby="told">
      <h2 id="told">{t("callbacks")}</h2>
      <NotCurrent polled={polled} />
      <Deliveries rows={rows} refresh={polled.refresh} ofTask />
    </section>
  );
}
