// Maps columns of the file to fields of an order, with a value of each column to check by.
import { useState } from "preact/hooks";
import { COLUMNS, NEEDED, type Column, type Mapping } from "../../import/columns.ts";
import type { ReadFile } from "../../import/worker.ts";
import { Icon } from "../../parts/icons.tsx";
import { t } from "../../words/index.ts";

interface Props {
  read: ReadFile;
  mapping: Mapping;
  change: (mapping: Mapping) => void;
  hasHeader: boolean;
  setHasHeader: (is: boolean) => void;
  lacking: Column[];
}

export function Columns({ read, mapping, change, hasHeader, setHasHeader, lacking }: Props) {
  const name = (at: number) => (hasHeader ? (read.header[at] ?? "").trim() || t("columnN", { n: at + 1 }) : t("columnN", { n: at + 1 }));
  const rows = read.sample.slice(hasHeader ? 1 : 0);
  const sample = (at: number) => rows.map((row) => (row[at] ?? "").trim()).filter(Boolean).slice(0, 3).join(" · ");
  const [all, setAll] = useState(false);
  const shown = COLUMNS.filter((column) => all || mapping[column] >= 0 || NEEDED.includes(column));
  const used = new Set(Object.values(mapping));
  const unread = read.header.map((_, at) => at).filter((at) => !used.has(at) && sample(at) !== "");
  return (
    <section class="card" aria-labelledby="columns">
      <div class="row wrap between">
        <h2 id="columns">{t("columnsTitle")}</h2>
        <label class="check"><input type="checkbox" checked={hasHeader} onChange={(event) => setHasHeader(event.currentTarget.checked)} /> {read.headerAt > 0 ? t("rowNames", { n: read.headerLine }) : t("firstRowNames")}</label>
      </div>
      <div class="mapping">
        {shown.map((column) => (
          <label key={column} class={lacking.includes(column) ? "field has-wrong" : "field"}>
            <span>{t(column)}{NEEDED.includes(column) && <b class="needed" title={t("needed")}> *</b>}</span>
            <select value={mapping[column]} aria-invalid={lacking.includes(column)} onChange={(event) => change({ ...mapping, [column]: Number(event.currentTarget.value) })}>
              <option value={-1}>{lacking.includes(column) ? t("pleaseChoose") : t("notInFile")}</option>
              {read.header.map((_, at) => <option key={at} value={at}>{name(at)}</option>)}
            </select>
            <span class="sample clip">{mapping[column] >= 0 ? sample(mapping[column]) : ""}</span>
          </label>
        ))}
      </div>
      {hasHeader && read.headerAt > 0 && <p>{t("aboveHeader", { lines: read.linesAbove.join(t("comma")) })}</p>}
      <div class="row wrap">
        {unread.length > 0 && <p class="muted small">{t("unread", { names: unread.map(name).join(t("comma")) })}</p>}
        {shown.length < COLUMNS.length && <button class="button quiet small" onClick={() => setAll(true)}><Icon name="plus" />{t("moreColumns", { n: COLUMNS.length - shown.length })}</button>}
      </div>
    </section>
  );
}
