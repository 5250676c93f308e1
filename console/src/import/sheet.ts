// Excel workbooks, in a part that is loaded when one comes.
import readXlsxFile from "read-excel-file/universal";
import writeXlsxFile from "write-excel-file/universal";
import type { Table } from "./text-table.ts";

export interface Workbook {
  table: Table;
  /** How many further sheets hold anything. */
  unread: number;
}

/** Reads the first sheet that holds anything; numbers come as the text that Excel shows, dates as `YYYY-MM-DD HH:MM`. */
export async function readWorkbook(file: ArrayBuffer): Promise<Workbook> {
  const sheets = await readXlsxFile<string>(file, { parseNumber: shown, trim: false });
  // A sheet that is a chart has no data.
  const [table = { rows: [], lines: [] }, ...more] = sheets.map(({ data }) => tableOf(data ?? [])).filter(({ rows }) => rows.length > 0);
  return { table, unread: more.length };
}

function tableOf(sheet: unknown[][]): Table {
  const table: Table = { rows: [], lines: [] };
  sheet.forEach((row, at) => {
    const cells = row.map(cellText);
    if (!cells.some((cell) => cell.trim() !== "")) return;
    table.rows.push(cells);
    table.lines.push(at + 1);
  });
  return table;
}

/**
 * A stored number in 15 digits, as Excel shows it: 0.30000000000000004 is 0.3. Of a whole number with more digits than that some are lost;
 * its exponent says so.
 */
export function shown(stored: string): string {
  if (/^-?\d{1,15}(\.\d{1,4})?$/.test(stored) && stored.replace(/\D/g, "").length <= 15) return stored;
  const number = Number(stored);
  if (!Number.isFinite(number)) return stored;
  const [digits = "", exponent = "0"] = number.toExponential(14).split("e");
  if (Number(exponent) >= 15) return `${digits.replace(/\.?0*$/, "")}E+${Number(exponent)}`;
  return plain(digits, Number(exponent));
}

/** `1.2300…` and 2 is 123. */
function plain(digits: string, exponent: number): string {
  const sign = digits.startsWith("-") ? "-" : "";
  const all = digits.replace(/[-.]/g, "");
  const text = exponent < 0
    ? `0.${"0".repeat(-exponent - 1)}${all}`
    : `${all.slice(0, exponent + 1).padEnd(exponent + 1, "0")}.${all.slice(exponent + 1)}`;
  return sign + text.replace(/\.?0*$/, "");
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) {
    const printed = new Date(Math.round(cell.getTime() / 1000) * 1000).toISOString();
    return `${printed.slice(0, 10)} ${printed.slice(11, 16)}`;
  }
  return String(cell);
}

/** Writes one sheet, every cell as text: ids keep their zeros, and nothing is a formula. */
export async function writeWorkbook(rows: string[][]): Promise<Blob> {
  const widths = (rows[0] ?? []).map((_, at) => {
    const longest = rows.slice(0, 200).reduce((most, row) => Math.max(most, breadth(row[at] ?? "")), 6);
    return { width: Math.min(60, longest + 2) };
  });
  const cells = rows.map((row, at) => row.map((text) => (text === "" ? null : { value: text.slice(0, 32_767), type: String, ...(at === 0 ? { fontWeight: "bold" as const } : {}) })));
  return writeXlsxFile(cells, { columns: widths, stickyRowsCount: 1 }).toBlob();
}

function breadth(text: string): number {
  return [...text].reduce((sum, character) => sum + (character.charCodeAt(0) > 0x2e7f ? 2 : 1), 0);
}
