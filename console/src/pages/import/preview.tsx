// Shows the first orders as they will be sent, and the plain mistakes with their lines of the file.
import { text } from "../../base/json.ts";
import { linesOf, valueIn } from "../../data/order.ts";
import type { Problem } from "../../import/orders.ts";
import type { BuiltSummary } from "../../import/worker.ts";
import { number, t, type Word } from "../../words/index.ts";

const SHOWN = 60;

export function Preview({ built }: { built: BuiltSummary }) {
  const wrong = new Set(built.problems.map((problem) => problem.order));
  return (
    <section class="card" aria-labelledby="preview">
      <h2 id="preview">{t("previewTitle", { orders: number(built.orders), lines: number(built.lines) })}</h2>
      {built.problemCount > 0 && <Problems built={built} />}
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="preview">
        <table class="plain">
          <thead><tr>
            <th scope="col" class="num">#</th><th scope="col">{t("out_order_no")}</th><th scope="col">{t("address_id")}</th>
            <th scope="col">{t("receiveTime")}</th><th scope="col">{t("goods")}</th><th scope="col">{t("remark")}</th>
          </tr></thead>
          <tbody>
            {built.preview.map((order, at) => (
              <tr key={at} class={wrong.has(at) ? "wrong-row" : ""}>
                <td class="num muted">{at + 1}</td>
                <td>{valueIn(order, "out_order_no")}</td>
                <td>{valueIn(order, "address_id")}</td>
                <td class="nowrap">{receive(valueIn(order, "receive_begin_time"), valueIn(order, "receive_end_time"))}</td>
                <td>{linesOf(order).slice(0, 4).map((line) => `${text(line["sku_id"])} × ${text(line["amount"])}`).join("，")}{linesOf(order).length > 4 && ` …${t("nLines", { n: linesOf(order).length })}`}</td>
                <td>{valueIn(order, "remark")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {built.orders > built.preview.length && <p class="muted small">{t("firstOnly", { n: number(built.preview.length) })}</p>}
    </section>
  );
}

function receive(begin: string, end: string): string {
  return begin.slice(0, 10) === end.slice(0, 10) && end ? `${begin} – ${end.slice(11)}` : [begin, end].filter(Boolean).join(" – ");
}

function Problems({ built }: { built: BuiltSummary }) {
  return (
    <details class="problems" open>
      <summary><strong class="bad">{t("plainlyWrong", { n: number(built.problemCount), orders: number(built.wrongOrders) })}</strong></summary>
      <ul>
        {built.problems.slice(0, SHOWN).map((problem, at) => <li key={at}><span class="muted">{t("fileLine", { n: number(problem.line) })}</span> {said(problem)}</li>)}
      </ul>
      {built.problemCount > SHOWN && <p class="muted small">{t("problemsMore", { n: number(built.problemCount - SHOWN) })}</p>}
    </details>
  );
}

function said({ kind, column, value }: Problem): string {
  if (kind === "missing" && column === "out_order_no") return t("problem_unnumbered");
  return t(`problem_${kind}` as Word, { column: t(column), value: `“${value.slice(0, 40)}”` });
}
