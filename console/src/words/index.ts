// Every word of the page, in the language the person chose.
import { language } from "../base/settings.ts";
import { CODES, REFUSALS } from "./codes.ts";
import { WORDS } from "./words.ts";

export type Word = keyof typeof WORDS;

function say(word: Word, values: Record<string, string | number> = {}): string {
  // A reason or a code of a newer service may have no words here yet.
  const [zh, en] = (WORDS as Partial<Record<string, readonly [string, string]>>)[word] ?? [word, word];
  const sentence = language.value === "zh" ? zh : en;
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** The word of an item's error code; a code this page does not know stays as it is. */
function code(name: string): string {
  const known = CODES[name];
  return known ? known[language.value === "zh" ? 0 : 1] : name;
}

/** What a refusal's machine word means, in Chinese: the API's own sentence is mostly English. */
export function refusal(word: string): string {
  return language.value === "zh" ? (REFUSALS[word] ?? "") : "";
}

export const t = Object.assign(say, { code });

const formats = { zh: new Intl.NumberFormat("zh-CN"), en: new Intl.NumberFormat("en") };

export function number(n: number): string {
  return formats[language.value].format(n);
}
