// The fields of an order and of its lines, each with the sentence that belongs to it.
import { useId } from "preact/hooks";
import type { Record_ } from "../../base/json.ts";
import { errorsAt, FIELDS, LINE_FIELDS, linesOf, nameIn, valueIn, withLine, withoutLine, withValue } from "../../data/order.ts";
import type { ItemError } from "../../data/task.ts";
import { Icon } from "../../parts/icons.tsx";
import { t, type Word } from "../../words/index.ts";

interface FieldsProps {
  order: Record_;
  errors: ItemError[];
  change: (order: Record_) => void;
}

export function OrderFields({ order, errors, change }: FieldsProps) {
  const shown = FIELDS.filter((name) => name !== "uid" || name in order || errorsAt(errors, name).length > 0);
  return (
    <div class="form">
      {shown.map((name) => (
        <Input
          key={name} label={t(name)} value={valueIn(order, name)} wrong={errorsAt(errors, name)}
          placeholder={name.endsWith("_time") ? "YYYY-MM-DD HH:MM" : ""}
          change={(value) => change(withValue(order, name, value))}
        />
      ))}
    </div>
  );
}

export function Line({ order, at, errors, change }: FieldsProps & { at: number }) {
  const line = linesOf(order)[at] ?? {};
  const isRare = (name: string) => name === "spu_remark" || name === "is_price_timing";
  const names = LINE_FIELDS.filter((name) => !isRare(name) || valueIn(line, name) !== "" || errorsAt(errors, `details[${at}].${name}`).length > 0);
  return (
    <div class="line" role="group" aria-label={t("lineN", { n: at + 1 })}>
      <span class="line-no" aria-hidden="true">{at + 1}</span>
      <div class="line-fields">
      {names.map((name) => (
        <Input
          key={name} label={t(name)} value={valueIn(line, name)} choices={name === "is_price_timing" ? YES_OR_NO : undefined}
          wrong={[...errorsAt(errors, `details[${at}].${name}`), ...(nameIn(line, name) === name ? [] : errorsAt(errors, `details[${at}].${nameIn(line, name)}`))]}
          change={(value) => change(withLine(order, at, name, value))}
        />
      ))}
      </div>
      <button class="button quiet icon-only" aria-label={t("removeLine", { n: at + 1 })} onClick={() => change(withoutLine(order, at))}><Icon name="cross" /></button>
    </div>
  );
}

/** The values of a flag, and their words. */
const YES_OR_NO: [string, Word][] = [["true", "yes"], ["false", "notYes"]];

interface InputProps {
  label: string;
  value: string;
  wrong: string[];
  placeholder?: string;
  /** The only values, where there are few. A value that is none of them can be seen, and changed. */
  choices?: [string, Word][] | undefined;
  change: (value: string) => void;
}

function Input({ label, value, wrong, placeholder, choices, change }: InputProps) {
  const id = useId();
  const shared = { id, value, "aria-invalid": wrong.length > 0, "aria-describedby": wrong.length > 0 ? `${id}-wrong` : undefined };
  return (
    <div class={wrong.length > 0 ? "field has-wrong" : "field"}>
      <label for={id}>{label}</label>
      {choices ? (
        <select {...shared} onChange={(event) => change(event.currentTarget.value)}>
          <option value="" />
          {choices.map(([choice, word]) => <option key={choice} value={choice}>{t(word)}</option>)}
          {value !== "" && !choices.some(([choice]) => choice === value) && <option value={value}>{value}</option>}
        </select>
      ) : (
        <input {...shared} placeholder={placeholder} autocomplete="off" spellcheck={false} onInput={(event) => change(event.currentTarget.value)} />
      )}
      {wrong.length > 0 && <p id={`${id}-wrong`} class="wrong">{wrong.join("；")}</p>}
    </div>
  );
}
