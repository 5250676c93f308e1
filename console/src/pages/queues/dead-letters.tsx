// Work that was given up: which chunk of which task, of which station, and why; and the way to run it again.
import { useState } from "preact/hooks";
import { link } from "../../base/route.ts";
import type { DeadLetter } from "../../data/operate.ts";
import { retry } from "../../data/tasks.ts";
import { note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Chip } from "../../parts/outcome.tsx";
import { sentence } from "../../parts/state.tsx";
import { short } from "../../parts/time.ts";
import { number, t } from "../../words/index.ts";
import { Place } from "../overview/index.tsx";

export function DeadLetters({ rows, refresh }: { rows: DeadLetter[]; refresh: () => void }) {
  const [busy, setBusy] = useState("");
  const again = async (letter: DeadLetter) => {
    setBusy(letter.id);
    try {
      const retried = await retry([letter.taskId]);
      note(retried > 0 ? t("runsAgain") : t("nothingToRetry"));
    } catch (error) {
      note(sentence(error), { bad: true });
    }
    setBusy("");
    refresh();
  };
  return (
    <ul class="troubles">
      {rows.map((letter) => (
        <li key={letter.id}>
          <div>
            <a href={link(["task", letter.taskId], letter.kind === "chunk" ? { items: "failed" } : {})}>{letter.name}</a>
            <span class="sub"><Place row={letter} /></span>
          </div>
          <div>
            <span>{letter.kind === "chunk" ? t("gaveUpChunk", { n: number(letter.attempts), items: number(letter.failedItems) }) : t("gaveUpRun", { n: number(letter.attempts) })}</span>
            <span class="sub bad cause">{letter.cause}</span>
          </div>
          <div class="letter-end">
            <time title={letter.created}>{short(letter.created)}</time>
            {letter.settled ? <Chip word="settled" /> : <button class="button small" disabled={busy === letter.id} onClick={() => void again(letter)}><Icon name="retry" />{t("retry")}</button>}
          </div>
        </li>
      ))}
    </ul>
  );
}
