// JSON that keeps every number as it was written: an id beyond 2^53 or a price "1.50" must not be rounded.

/** A number whose text a double cannot give back. */
export class Exact {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Json = null | boolean | number | string | Exact | Json[] | { [name: string]: Json };

// A number behind a colon, a bracket or a comma that may lose something: 16 digits or more, a fraction, an exponent.
const RISKY = /(?:^|[:[,])\s*-?(?:\d{16}|\d+[.eE])/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
// Marks an exact number inside a string. It is new at each load, so that no data can hold it.
const MARK = `\uF8FE${crypto.getRandomValues(new Uint32Array(4)).join("-")} `;

export function parse(text: string): Json {
  if (!RISKY.test(text)) return JSON.parse(text) as Json;
  const marked = text.replace(TOKEN, (token) => {
    if (token.startsWith('"') || String(Number(token)) === token) return token;
    return `"${MARK}${token}"`;
  });
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? new Exact(value.slice(MARK.length)) : value,
  ) as Json;
}

export function stringify(value: unknown): string {
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return `[${value.map((element) => stringify(element ?? null)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stringify(member)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

export type Record_ = { [name: string]: Json };

export function isRecord(value: Json | undefined): value is Record_ {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof Exact);
}

/** The text of a scalar; "" of nothing; JSON of the rest. */
export function text(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "object" ? stringify(value) : String(value);
}

export function count(value: Json | undefined): number {
  const number = Number(value instanceof Exact ? value.text : value);
  return Number.isFinite(number) ? number : 0;
}

export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function records(value: Json | undefined): Record_[] {
  return list(value).filter(isRecord);
}
