// The table's own thread: reads files, builds orders, packs requests, writes files; the page stays smooth.
import { stringify, type Record_ } from "../base/json.ts";
import { guess, headerPlace, looksLikeHeader, type Mapping } from "./columns.ts";
import { decode } from "./decode.ts";
import { buildOrders, type Built, type Defaults } from "./orders.ts";
import { beside, split, toCsv, type Table } from "./text-table.ts";

export interface ReadFile {
  kind: "csv" | "xlsx";
  detail: string;
  /** The row that may name the columns, and its place. */
  header: string[];
  headerAt: number;
  hasHeader: boolean;
  /** The file's own lines of the header and of the rows above it. */
  headerLine: number;
  linesAbove: number[];
  mapping: Mapping;
  /** Rows from the header on. */
  sample: string[][];
  rows: number;
  /** How many further sheets of a workbook hold anything. */
  unreadSheets: number;
}

export interface BuiltSummary {
  orders: number;
  lines: number;
  preview: Record_[];
  problems: Built["problems"];
  problemCount: number;
  wrongOrders: number;
}

export interface Part {
  taskId: string;
  from: number;
  orders: number;
}

const SAMPLE = 8;
const PREVIEW = 30;
let table: Table = { rows: [], lines: [] };
let built: Built | undefined;
/** The place of the row that may be the header. */
let headerAt = 0;
let headed = true;

const work = {
  async read(file: ArrayBuffer): Promise<ReadFile | { fault: string; line?: number }> {
    const bytes = new Uint8Array(file);
    let kind: ReadFile["kind"] = "csv";
    let detail: string;
    let unreadSheets = 0;
    if (bytes[0] === 0xd0 && bytes[1] === 0xcf) return { fault: "oldExcel" };
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
      const { readWorkbook } = await import("./sheet.ts");
      try {
        ({ table, unread: unreadSheets } = await readWorkbook(file));
      } catch {
        return { fault: "workbook" };
      }
      kind = "xlsx";
      detail = "Excel";
    } else {
      const decoded = decode(bytes);
      if ("fault" in decoded) return { fault: decoded.fault };
      const rows = split(decoded.text);
      if ("fault" in rows) return { fault: rows.fault, line: rows.line };
      table = rows.table;
      detail = `${decoded.encoding} · ${{ ",": "CSV", ";": "CSV ;", "\t": "TSV", "|": "CSV |" }[rows.separator] ?? ""}`;
    }
    headerAt = headerPlace(table.rows);
    const header = table.rows[headerAt];
    if (!header) return { fault: "empty" };
    return {
      kind, detail, unreadSheets,
      header, headerAt, hasHeader: looksLikeHeader(header), headerLine: table.lines[headerAt] ?? 1, linesAbove: table.lines.slice(0, headerAt),
      mapping: guess(header), sample: table.rows.slice(headerAt, headerAt + SAMPLE), rows: table.rows.length,
    };
  },

  build(mapping: Mapping, hasHeader: boolean, defaults: Defaults): BuiltSummary {
    headed = hasHeader;
    const from = hasHeader ? headerAt + 1 : 0;
    built = buildOrders(table, mapping, from, defaults);
    const { orders, problems, problemCount, wrongOrders } = built;
    const lines = table.rows.length - from;
    return { orders: orders.length, lines, preview: orders.slice(0, PREVIEW), problems, problemCount, wrongOrders };
  },

  /** Cuts the orders into batches; each id is made of the batch's content, so that the same file is the same batch. */
  async parts(station: string, cycle: string, most: number, salt: string): Promise<Part[]> {
    const orders = built?.orders ?? [];
    const parts: Part[] = [];
    for (let from = 0; from < orders.length; from += most) {
      const some = orders.slice(from, from + most);
      const bytes = new TextEncoder().encode(`${station}\n${cycle}\n${salt}\n${stringify(some)}`);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const hex = Array.from(hash.slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
      parts.push({ taskId: `file-${hex}`, from, orders: some.length });
    }
    return parts;
  },

  /** The packed body of one submit. */
  async body(part: Part, around: Record<string, unknown>): Promise<Blob> {
    const order_data = built?.orders.slice(part.from, part.from + part.orders) ?? [];
    const packed = new Blob([stringify({ ...around, order_data })]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(packed).blob();
  },

  /** The file's own rows with a few more cells; `added` gives them by order and line. */
  async back(added: Record<string, string[]>, header: string[], format: "csv" | "xlsx"): Promise<Blob> {
    const rows = beside(table.rows, (at) => {
      if (headed && at === headerAt) return header;
      const order = built?.rowOrder[at] ?? -1;
      const line = built?.rowLine[at] ?? 0;
      return added[`${order}.${line}`] ?? added[`${order}`] ?? [];
    });
    return work.write(rows, format);
  },

  async write(rows: string[][], format: "csv" | "xlsx"): Promise<Blob> {
    if (format === "csv") return new Blob([toCsv(rows)], { type: "text/csv;charset=utf-8" });
    const { writeWorkbook } = await import("./sheet.ts");
    return writeWorkbook(rows);
  },
};

export type TableWork = typeof work;

self.onmessage = async (event: MessageEvent<{ id: number; name: keyof TableWork; args: unknown[] }>) => {
  const { id, name, args } = event.data;
  try {
    const call = work[name] as (...args: unknown[]) => unknown;
    self.postMessage({ id, value: await call(...args) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
