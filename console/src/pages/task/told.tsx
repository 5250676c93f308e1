// Whom the task's end was told, how it went, and when it is tried again.
import { LIVE, usePoll } from "../../base/poll.ts";
import { readDeliveriesOf } from "../../data/operate.ts";
import type { Detail } from "../../data/task.ts";
import { t } from "../../words/index.ts";
import { Deliveries } from "../queues/deliveries.tsx";

/** Deliveries of a task; nothing where it has none. They are asked for anew when the task ends or changes, and while one is open. */
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
      <Deliveries rows={rows} refresh={polled.refresh} ofTask />
    </section>
  );
}
