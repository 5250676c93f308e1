// Numbers as people write them: full-width digits, separators of thousands, currency signs.

export type NumberFault = "notANumber" | "lostDigits" | "ambiguous";
export type ReadNumber = { text: string } | { fault: NumberFault };

const CURRENCIES = ["¥", "￥", "$", "€", "£", "元", "CNY", "RMB", "USD", "EUR", "GBP", "＄"];

/** Reads a number into plain digits with a point; "" of an empty cell. */
export function readNumber(cell: string): ReadNumber {
  const narrow = cell.replace(/[０-９．，－＋]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace("−", "-").replace(/’/g, "'").replace(/\s/g, " ").trim();
  if (narrow === "") return { text: "" };
  const bare = withoutCurrency(narrow);
  if (bare === "") return { fault: "notANumber" };
  if (/^[-+]?\d+(\.\d+)?[eE][-+]?\d+$/.test(bare)) return { fault: "lostDigits" };
  const negative = bare.startsWith("-");
  const read = parts(negative ? withoutCurrency(bare.slice(1)) : bare.replace(/^\+/, ""));
  if ("fault" in read) return read;
  const whole = read.whole.replace(/^0+(?=\d)/, "") || "0";
  return { text: `${negative ? "-" : ""}${whole}${read.decimals ? `.${read.decimals}` : ""}` };
}

function withoutCurrency(text: string): string {
  const trimmed = text.trim();
  for (const sign of CURRENCIES) {
    if (trimmed.startsWith(sign)) return trimmed.slice(sign.length).trim();
    if (trimmed.endsWith(sign)) return trimmed.slice(0, -sign.length).trim();
  }
  return trimmed;
}

function parts(digits: string): { whole: string; decimals: string } | { fault: NumberFault } {
  if (!/^[\d.,]/.test(digits)) return { fault: "notANumber" };
  const marks = [...digits.matchAll(/\D/g)].map((match) => ({ place: match.index, mark: match[0] }));
  const last = marks.at(-1);
  if (!last) return { whole: digits, decimals: "" };
  const before = digits.slice(0, last.place);
  const after = digits.slice(last.place + 1);
  if (!/^\d*$/.test(after)) return { fault: "notANumber" };
  const repeated = marks.filter(({ mark }) => mark === last.mark).length > 1;
  if (!".,".includes(last.mark) || repeated) return whole(grouped(digits, last.mark), "");
  if (marks.length > 1) return whole(grouped(before, marks[0]?.mark ?? " "), after);
  if (after.length === 3 && /^[1-9]\d{0,2}$/.test(before)) return { fault: "ambiguous" };
  return after === "" ? { fault: "notANumber" } : { whole: before, decimals: after };
}

function whole(digits: string | undefined, decimals: string): { whole: string; decimals: string } | { fault: NumberFault } {
  return digits === undefined ? { fault: "notANumber" } : { whole: digits, decimals };
}

/** Joins groups of three digits. */
function grouped(text: string, separator: string): string | undefined {
  const [first = "", ...rest] = text.split(separator);
  const fits = ".,' ".includes(separator) && /^\d{1,3}$/.test(first) && rest.every((group) => /^\d{3}$/.test(group));
  return fits ? [first, ...rest].join("") : undefined;
}
