// The filters of the task list; all of them live in the address.
import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import { Segments } from "../../parts/bars.tsx";
import { Icon } from "../../parts/icons.tsx";
import { t } from "../../words/index.ts";

const MORE = ["type_id", "queue", "tag", "from", "to"];

export function Filters({ query }: { query: URLSearchParams }) {
  const { operator, station } = useStore(session);
  const all = operator && !station;
  const used = MORE.filter((name) => query.get(name)).length;
  const [open, setOpen] = useState(used > 0);
  return (
    <div class="filters">
      <div class="row wrap">
        <Segments
          label={t("filterOutcome")}
          value={query.get("show") ?? ""}
          choose={(show) => setQuery({ show })}
          choices={[
            { value: "", label: t("all") },
            { value: "open", label: t("open"), tone: "run" },
            { value: "trouble", label: t("trouble"), tone: "bad" },
            { value: "success", label: t("success"), tone: "good" },
            { value: "cancelled", label: t("cancelled"), tone: "rest" },
          ]}
        />
        <Search query={query} disabled={all} />
        <button class="button" type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="filter" />{t("moreFilters")}{used > 0 && <b class="badge">{used}</b>}
        </button>
      </div>
      {open && (
        <div class="row wrap fields">
          <Field name="queue" label={t("queue")} query={query} />
          <Field name="tag" label={t("tag")} query={query} />
          <Field name="type_id" label={t("type")} query={query} inputMode="numeric" />
          <Field name="from" label={t("createdFrom")} query={query} type="date" clears={["q"]} disabled={all} />
          <Field name="to" label={t("createdTo")} query={query} type="date" clears={["q"]} disabled={all} />
        </div>
      )}
    </div>
  );
}

function Search({ query, disabled }: { query: URLSearchParams; disabled: boolean }) {
  const by = query.get("by") === "id" ? "id" : "name";
  const [text, setText] = useState(query.get("q") ?? "");
  useEffect(() => setText(query.get("q") ?? ""), [query.get("q")]);
  // Half-typed pinyin is no search yet.
  const [composing, setComposing] = useState(false);
  useEffect(() => {
    if (composing || text === (query.get("q") ?? "")) return undefined;
    const timer = setTimeout(() => setQuery({ q: text, ...(text ? { from: "", to: "" } : {}) }), 350);
    return () => clearTimeout(timer);
  }, [text, composing]);
  return (
    <div class="search" role="search">
      <select aria-label={t("searchBy")} value={by} disabled={disabled} onChange={(event) => setQuery({ by: event.currentTarget.value === "id" ? "id" : "" })}>
        <option value="name">{t("nameBegins")}</option>
        <option value="id">{t("idBegins")}</option>
      </select>
      <input
        type="search" value={text} aria-label={by === "id" ? t("idBegins") : t("nameBegins")} placeholder={disabled ? t("searchNeedsStation") : t("search")} disabled={disabled}
        onInput={(event) => setText(event.currentTarget.value)} onCompositionStart={() => setComposing(true)} onCompositionEnd={() => setComposing(false)}
      />
    </div>
  );
}

interface FieldProps {
  name: string;
  label: string;
  query: URLSearchParams;
  type?: "text" | "date";
  inputMode?: "numeric";
  clears?: string[];
  disabled?: boolean;
}

function Field({ name, label, query, type = "text", inputMode, clears = [], disabled = false }: FieldProps) {
  const change = (value: string) => setQuery({ [name]: value, ...Object.fromEntries(clears.map((other) => [other, ""])) });
  const value = query.get(name) ?? "";
  return (
    <label class="field">
      <span>{label}</span>
      {type === "date" ? (
        <input type="date" value={value} disabled={disabled} onChange={(event) => change(event.currentTarget.value)} />
      ) : (
        <input inputMode={inputMode} value={value} onChange={(event) => change(event.currentTarget.value.trim())} />
      )}
    </label>
  );
}
