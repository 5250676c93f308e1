// Text as rows of cells: by comma, semicolon, tab or bar, whichever fits; quotes as in RFC 4180.
import Papa from "papaparse";
import { headerPlace, isKnownHeader } from "./columns.ts";

export interface Table {
  rows: string[][];
  /** The file's own line of each row, or the sheet's. */
  lines: number[];
}

export const SEPARATORS = [",", ";", "\t", "|"] as const;
const LOOKED_AT = 50;

export type Split = { table: Table; separator: string } | { fault: "quote"; line: number };

export function split(text: string): Split {
  const head = text.slice(0, 200_000);
  let separator = ",";
  let best: number[] = [-1];
  for (const candidate of SEPARATORS) {
    const rank = rankOf(Papa.parse<string[]>(head, { delimiter: candidate, preview: LOOKED_AT }).data);
    if (isMore(rank, best)) [separator, best] = [candidate, rank];
  }
  const rows: string[][] = [];
  const lines: number[] = [];
  let line = 1;
  const parsed = Papa.parse<string[]>(text, { delimiter: separator });
  const broken = parsed.errors.find((error) => error.type === "Quotes");
  if (broken) return { fault: "quote", line: lineOf(parsed.data, broken.row ?? 0) };
  for (const row of parsed.data) {
    if (row.some((cell) => cell.trim() !== "")) {
      rows.push(row);
      lines.push(line);
    }
    line += 1 + inner(row);
  }
  return { table: { rows, lines }, separator };
}

/** Line ends inside the quotes of a row. */
function inner(row: string[]): number {
  return row.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

function lineOf(rows: string[][], at: number): number {
  return rows.slice(0, at).reduce((line, row) => line + 1 + inner(row), 1);
}

/** The header is known, then how many rows are as wide as it, then how wide they are. */
function rankOf(rows: string[][]): number[] {
  const filled = rows.filter((row) => row.some((cell) => cell.trim() !== ""));
  const at = headerPlace(filled);
  const first = filled[at];
  if (!first || first.length < 2) return [0, 0, 0];
  return [isKnownHeader(first) ? 1 : 0, filled.slice(at).filter((row) => row.length === first.length).length, first.length];
}

function isMore(rank: number[], than: number[]): boolean {
  const at = rank.findIndex((part, n) => part !== than[n]);
  return at >= 0 && (rank[at] ?? 0) > (than[at] ?? 0);
}

/** A table as CSV: every cell quoted, a byte order mark for Excel, nothing that a spreadsheet would run. */
export function toCsv(rows: string[][]): string {
  const cell = (text: string) => `"${defused(text).replaceAll('"', '""')}"`;
  return `\uFEFF${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

// The rule of the service's own CSV (shared/service/src/batches/csv.rs): a formula begins a cell, or stands behind a character that some
// reader takes for its separator, and may have characters before it that are not shown.
const BEGIN = "(?<=^|[;\\t\\n\\r|])";
const UNSEEN = '\\s\\p{Cc}"\\u00ad\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f';
const SIGN = "[=+\\-@＝＋－＠]";
const FORMULAS = new RegExp(`${BEGIN}(?=[${UNSEEN}]*${SIGN})`, "gu");
const DEFUSED = new RegExp(`${BEGIN}'(?=[${UNSEEN}']*${SIGN})`, "gu");

/** Text that a spreadsheet would run as a formula gets an apostrophe; a plain number stays one. */
export function defused(text: string): string {
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? text : text.replace(FORMULAS, "'");
}

/** A cell as it was before it was defused. */
export function armed(text: string): string {
  return text.replace(DEFUSED, "");
}

/** Puts more cells behind the rows. They stand in columns of their own, also behind a row that is shorter than another. */
export function beside(rows: string[][], cells: (at: number) => string[]): string[][] {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return rows.map((row, at) => [...row, ...Array<string>(width - row.length).fill(""), ...cells(at)]);
}
