// Any JSON, readable: a list of alike objects as a table, everything else as a tree that opens.
import { useState } from "preact/hooks";
import { isRecord, stringify, text, type Json } from "../base/json.ts";
import { number, t } from "../words/index.ts";

const SHOWN = 100;

export function JsonView({ value, label }: { value: Json; label: string }) {
  const columns = tableColumns(value);
  if (columns && Array.isArray(value)) return <JsonTable rows={value} columns={columns} label={label} />;
  return <div class="tree"><Node value={value} depth={0} /></div>;
}

/** The columns of a list of at least two objects with few, mostly shared, flat members. */
export function tableColumns(value: Json): string[] | undefined {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isRecord)) return undefined;
  const columns = [...new Set(value.slice(0, SHOWN).flatMap((row) => (isRecord(row) ? Object.keys(row) : [])))];
  const flat = value.slice(0, SHOWN).every((row) => isRecord(row) && Object.values(row).every((cell) => text(cell).length < 200));
  return columns.length <= 12 && flat ? columns : undefined;
}

function JsonTable({ rows, columns, label }: { rows: Json[]; columns: string[]; label: string }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="plain">
        <thead><tr>{columns.map((column) => <th key={column} scope="col">{column}</th>)}</tr></thead>
        <tbody>{shown.map((row, n) => (
          <tr key={n}>{columns.map((column) => <td key={column}>{isRecord(row) ? text(row[column]) : ""}</td>)}</tr>
        ))}</tbody>
      </table>
      {shown.length < rows.length && <button class="button small" onClick={() => setAll(true)}>{t("showAll", { n: number(rows.length) })}</button>}
    </div>
  );
}

function Node({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  const [open, setOpen] = useState(depth < 2);
  const [all, setAll] = useState(false);
  const label = name === undefined ? null : <span class="name">{name}</span>;
  const entries: [string, Json][] | undefined = Array.isArray(value)
    ? value.map((element, n) => [String(n), element])
    : isRecord(value) ? Object.entries(value) : undefined;
  if (!entries) return <div class="leaf">{label}<Leaf value={value} /></div>;
  if (entries.length === 0) return <div class="leaf">{label}<span class="muted">{Array.isArray(value) ? "[ ]" : "{ }"}</span></div>;
  const shown = all ? entries : entries.slice(0, SHOWN);
  const columns = tableColumns(value);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label}<span class="muted">{Array.isArray(value) ? `[${number(entries.length)}]` : `{${number(entries.length)}}`}</span></summary>
      {open && columns && Array.isArray(value) && <JsonTable rows={value} columns={columns} label={name ?? ""} />}
      {open && !columns && shown.map(([key, member]) => <Node key={key} name={key} value={member} depth={depth + 1} />)}
      {open && !columns && shown.length < entries.length && (
        <button class="button small" onClick={() => setAll(true)}>{t("showAll", { n: number(entries.length) })}</button>
      )}
    </details>
  );
}

function Leaf({ value }: { value: Json }) {
  if (value === null) return <span class="value none">null</span>;
  if (typeof value === "string") return <span class="value string">{value}</span>;
  return <span class="value number">{stringify(value)}</span>;
}
