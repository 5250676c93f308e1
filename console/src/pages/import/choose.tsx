// The place to drop a file on, and the template.
import { useRef, useState } from "preact/hooks";
import { session } from "../../base/session.ts";
import { table, type Format } from "../../import/table.ts";
import { templateHeader } from "../../import/rows-back.ts";
import { Icon } from "../../parts/icons.tsx";
import { dayAfter, now } from "../../parts/time.ts";
import { t } from "../../words/index.ts";

export function ChooseFile({ choose, fault }: { choose: (file: File) => void; fault: string | undefined }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) choose(file);
  };
  return (
    <>
      {fault && <p class="fault" role="alert"><Icon name="alert" />{fault}</p>}
      <div class={over ? "drop over" : "drop"} onDragOver={(event) => (event.preventDefault(), setOver(true))} onDragLeave={() => setOver(false)} onDrop={drop}>
        <Icon name="file" />
        <p><strong>{t("dropHere")}</strong></p>
        <button class="button primary" onClick={() => input.current?.click()}>{t("chooseFile")}</button>
        <input
          ref={input} type="file" class="unseen" tabIndex={-1} aria-label={t("chooseFile")} accept=".csv,.txt,.tsv,.xlsx"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) choose(file);
            event.currentTarget.value = "";
          }}
        />
        <p class="muted small">{t("fileKinds")}</p>
      </div>
      <section class="card template" aria-labelledby="template">
        <div>
          <h2 id="template">{t("templateTitle")}</h2>
          <p class="muted">{t("templateText")}</p>
        </div>
        <div class="actions">
          <button class="button" onClick={() => void template("xlsx")}><Icon name="download" />Excel</button>
          <button class="button" onClick={() => void template("csv")}><Icon name="download" />CSV</button>
        </div>
      </section>
    </>
  );
}

/** A file to fill in: the header and two lines of one order. */
async function template(format: Format): Promise<void> {
  const day = dayAfter(now(), 1);
  const order = ["A-1001", "S001", `${day} 09:00`, `${day} 11:00`];
  const rows = [templateHeader(), [...order, "D001", "10", "", t("templateRemark"), ""], [...order, "D002", "2.5", "", "", ""]];
  await table.save(rows, format, `${t("templateName")}${session.value.station ? `-${session.value.station}` : ""}`);
}
