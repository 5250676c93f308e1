// Importing a file of orders: choose it, check it, send it, take it back with the outcomes.
import { useState } from "preact/hooks";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { table } from "../../import/table.ts";
import type { Part, ReadFile } from "../../import/worker.ts";
import { Empty, Loading } from "../../parts/state.tsx";
import { StationChooser } from "../../parts/who.tsx";
import { t } from "../../words/index.ts";
import { Check } from "./check.tsx";
import { ChooseFile } from "./choose.tsx";
import { Follow } from "./follow.tsx";

type Step =
  | { at: "choose"; fault?: string }
  | { at: "reading"; name: string }
  | { at: "check"; name: string; read: ReadFile }
  | { at: "follow"; name: string; parts: Part[]; cycle: string };

const MOST_BYTES = 60_000_000;

export function ImportPage() {
  const { station, operator } = useStore(session);
  const [step, setStep] = useState<Step>({ at: "choose" });
  const read = async (file: File) => {
    if (file.size > MOST_BYTES) return setStep({ at: "choose", fault: t("faultTooLarge") });
    setStep({ at: "reading", name: file.name });
    try {
      const found = await table.run("read", await file.arrayBuffer());
      if ("fault" in found) setStep({ at: "choose", fault: faultOf(file.name, found.fault, found.line) });
      else setStep({ at: "check", name: file.name, read: found });
    } catch {
      setStep({ at: "choose", fault: t("errorBroken") });
    }
  };
  const again = () => setStep({ at: "choose" });
  return (
    <main>
      <header class="head"><h1>{t("importTitle")}</h1></header>
      {operator && !station ? (
        <Empty icon="import" title={t("importNeedsStation")}><StationChooser /></Empty>
      ) : (
        <>
          {step.at === "choose" && <ChooseFile choose={(file) => void read(file)} fault={step.fault} />}
          {step.at === "reading" && <Loading what={t("readingFile", { name: step.name })} rows={4} />}
          {step.at === "check" && <Check key={station} name={step.name} read={step.read} again={again} send={(parts, cycle) => setStep({ at: "follow", name: step.name, parts, cycle })} />}
          {step.at === "follow" && <Follow name={step.name} parts={step.parts} cycle={step.cycle} again={again} />}
        </>
      )}
    </main>
  );
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
