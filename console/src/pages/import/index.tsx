// Importing a file of orders: choose it, check it, send it, take it back with the outcomes.
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { table } from "../../import/table.ts";
import { Empty, Loading } from "../../parts/state.tsx";
import { StationChooser } from "../../parts/who.tsx";
import { t } from "../../words/index.ts";
import { Check } from "./check.tsx";
import { ChooseFile } from "./choose.tsx";
import { Follow } from "./follow.tsx";
import { chooseAnother, sendFile, step } from "./sending.ts";

const MOST_BYTES = 60_000_000;

export function ImportPage() {
  const { station, operator } = useStore(session);
  const now = useStore(step);
  return (
    <main>
      <header class="head"><h1>{t("importTitle")}</h1></header>
      {now.at === "follow" ? (
        <Follow file={now.file} />
      ) : operator && !station ? (
        <Empty icon="import" title={t("importNeedsStation")}><StationChooser /></Empty>
      ) : (
        <>
          {now.at === "choose" && <ChooseFile choose={(file) => void read(file)} fault={now.fault} />}
          {now.at === "reading" && <Loading what={t("readingFile", { name: now.name })} rows={4} />}
          {now.at === "check" && <Check key={station} name={now.name} read={now.read} again={chooseAnother} send={(parts, cycle) => sendFile({ name: now.name, parts, station, cycle })} />}
        </>
      )}
    </main>
  );
}

async function read(file: File): Promise<void> {
  if (file.size > MOST_BYTES) return step.set({ at: "choose", fault: t("faultTooLarge") });
  step.set({ at: "reading", name: file.name });
  try {
    const found = await table.run("read", await file.arrayBuffer());
    if ("fault" in found) step.set({ at: "choose", fault: faultOf(file.name, found.fault, found.line) });
    else step.set({ at: "check", name: file.name, read: found });
  } catch {
    step.set({ at: "choose", fault: t("errorBroken") });
  }
}

function faultOf(name: string, fault: string, line = 0): string {
  const sentences: Record<string, string> = {
    oldExcel: t("faultOldExcel"),
    workbook: t("faultWorkbook"),
    binary: t("faultEncoding"),
    unknown: t("faultEncoding"),
    ambiguous: t("faultAmbiguous"),
    quote: t("faultQuote", { line }),
    empty: t("faultEmpty"),
  };
  return `${name}${t("colon")}${sentences[fault] ?? t("errorBroken")}`;
}
