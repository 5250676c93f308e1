// The bar that sends or discards all edits of a batch.
import { useState } from "preact/hooks";
import { useStore } from "../../base/store.ts";
import { drafts, forget, sendDrafts } from "../../data/drafts.ts";
import type { Detail } from "../../data/task.ts";
import { ask, note } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { sentence } from "../../parts/state.tsx";
import { number, t } from "../../words/index.ts";

export function DraftBar({ task, refresh }: { task: Detail; refresh: () => void }) {
  const count = useStore(drafts).get(task.id)?.size ?? 0;
  const [busy, setBusy] = useState(false);
  if (count === 0) return null;
  const sendAll = async () => {
    setBusy(true);
    const { sent, error } = await sendDrafts(task.id);
    if (error === undefined) note(t("allMendedSent", { n: number(sent) }));
    else note(t("someMendedSent", { n: number(sent), left: number(count - sent), reason: sentence(error) }), { bad: true });
    setBusy(false);
    refresh();
  };
  const discard = async () => {
    if (await ask({ title: t("discardQuestion", { n: number(count) }), text: t("discardText"), yes: t("discard"), danger: true })) forget(task.id);
  };
  return (
    <div class="selected drafts" role="region" aria-label={t("drafts")}>
      <strong>{t("nMended", { n: number(count) })}</strong>
      <button class="button primary" disabled={busy} onClick={() => void sendAll()}><Icon name="check" />{busy ? t("sending") : t("sendAllMended")}</button>
      <button class="button quiet" disabled={busy} onClick={() => void discard()}>{t("discard")}</button>
    </div>
  );
}
