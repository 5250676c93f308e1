// The batch as a file with its outcomes, one row per line of an order, ready to be imported again.
import { useState } from "preact/hooks";
import { everyItem } from "../../data/items.ts";
import type { Detail } from "../../data/task.ts";
import { table, type Format } from "../../import/table.ts";
import { rowsHeader, rowsOf } from "../../import/rows-back.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";

export function TakeAway({ task }: { task: Detail }) {
  const [read, setRead] = useState(-1);
  const take = async (format: Format, status: string) => {
    setRead(0);
    try {
      const rows: string[][] = [];
      let count = 0;
      await everyItem(task.id, (items) => {
        if (rows.length === 0) rows.push(rowsHeader(items[0]));
        rows.push(...rowsOf(items));
        count += items.length;
        setRead(count);
      }, { status });
      const name = `${task.ownId || task.id}${status === "failed" ? "-failed" : ""}`;
      await table.save(rows, format, name);
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setRead(-1);
  };
  if (read >= 0) return <span class="muted" role="status">{t("readingRows", { n: number(read) })}</span>;
  return (
    <details
      class="menu"
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.removeAttribute("open")}
      onFocusOut={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && event.currentTarget.removeAttribute("open")}
    >
      <summary class="button"><Icon name="download" />{t("download")}<Icon name="more" /></summary>
      <div class="menu-list" onClick={(event) => event.currentTarget.closest("details")?.removeAttribute("open")}>
        <button onClick={() => void take("xlsx", "all")}>{t("allRows")} · Excel</button>
        <button onClick={() => void take("csv", "all")}>{t("allRows")} · CSV</button>
        {task.counts.failed > 0 && <button onClick={() => void take("xlsx", "failed")}>{t("failedRows")} · Excel</button>}
        {task.counts.failed > 0 && <button onClick={() => void take("csv", "failed")}>{t("failedRows")} · CSV</button>}
      </div>
    </details>
  );
}
