// The fields of an order and of its lines, each with the sentence that belongs to it.
import { useId } from "preact/hooks";
import type { Record_ } from "../../base/json.ts";
import { errorsAt, FIELDS, LINE_FIELDS, linesOf, nameIn, valueIn, withLine, withoutLine, withValue } from "../../data/order.ts";
import type { ItemError } from "../../data/task.ts";
import { Icon } from "../../parts/icons.tsx";
import { t } from "../../words/index.ts";

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
  const names = LINE_FIELDS.filter((name) => name !== "spu_remark" || valueIn(line, name) !== "" || errorsAt(errors, `details[${at}].${name}`).length > 0);
  return (
    <div class="line" role="group" aria-label={t("lineN", { n: at + 1 })}>
      <span class="line-no" aria-hidden="true">{at + 1}</span>
      <div class="line-fields">
      {names.map((name) => (
        <Input
          key={name} label={t(name)} value={valueIn(line, name)}
          wrong={[...errorsAt(errors, `details[${at}].${name}`), ...(nameIn(line, name) === name ? [] : errorsAt(errors, `details[${at}].${nameIn(line, name)}`))]}
          change={(value) => change(withLine(order, at, name, value))}
        />
      ))}
      </div>
      <button class="button quiet icon-only" aria-label={t("removeLine", { n: at + 1 })} onClick={() => change(withoutLine(order, at))}><Icon name="cross" /></button>
    </div>
  );
}

interface InputProps {
  label: string;
  value: string;
  wrong: string[];
  placeholder?: string;
  change: (value: string) => void;
}

function Input({ label, value, wrong, placeholder, change }: InputProps) {
  const id = useId();
  return (
    <div class={wrong.length > 0 ? "field has-wrong" : "field"}>
      <label for={id}>{label}</label>
      <input
        id={id} value={value} placeholder={placeholder} autocomplete="off" spellcheck={false}
        aria-invalid={wrong.length > 0} aria-describedby={wrong.length > 0 ? `${id}-wrong` : undefined}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {wrong.length > 0 && <p id={`${id}-wrong`} class="wrong">{wrong.join("；")}</p>}
    </div>
  );
}
