// The items of a batch, read by pages as they come in sight.
import { call, callRecord, type Parameters } from "../base/client.ts";
import { count, isRecord, records, text, type Record_ } from "../base/json.ts";
import { IDLE, isFinal, nextWait } from "../base/poller.ts";
import { keyOf } from "./order.ts";
import { readCounts, readItem, type Counts, type Item } from "./task.ts";
import { idParameter } from "./tasks.ts";

export const ITEM_PAGE = 200;
/** Milliseconds of rest before rows in sight are asked for. */
const RESTS = 80;
/** The most items of an answer. */
const MOST = 1_000;

export interface ItemFilter {
  status: string;
  code: string;
}

interface Page {
  items: Item[];
  total: number;
  next: string;
}

async function readItems(id: string, parameters: Parameters, signal?: AbortSignal): Promise<Page> {
  const { data, envelope } = await call("/station/order/batch/result", { ...idParameter(id), ...parameters }, signal);
  const body = isRecord(data) ? data : {};
  const paging = isRecord(body["pagination"]) ? body["pagination"] : isRecord(envelope["pagination"]) ? envelope["pagination"] : {};
  return { items: records(body["details"]).map(readItem), total: count(paging["total"]), next: text(paging["next_after_index"]) };
}

function parametersOf(filter: ItemFilter): Record<string, string> {
  return { status: filter.status || "all", ...(filter.code ? { item_code: filter.code } : {}) };
}

/** Holds the rows of a filter that were read, and whether they are still current. */
export class Items {
  rows = new Map<number, Item>();
  total: number;
  error: unknown;
  private fresh = new Set<number>();
  private asked = new Set<number>();
  private abort = new AbortController();
  private sight: [number, number] = [0, 0];
  /** Counts changes of the batch: an answer that was asked for before the last one is not current. */
  private generation = 0;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private id: string,
    private filter: ItemFilter,
    total: number,
    private changed: () => void,
  ) {
    this.total = total;
    window.addEventListener("online", this.read);
  }

  /** Reads the pages of these rows that are not there yet, once the scrolling rests a little. */
  see(from: number, to: number): void {
    const first = this.fresh.size === 0;
    this.sight = [from, to];
    clearTimeout(this.timer);
    if (first) this.read();
    else this.timer = setTimeout(this.read, RESTS);
  }

  private read = (): void => {
    const [from, to] = this.sight;
    for (let page = Math.floor(from / ITEM_PAGE); page * ITEM_PAGE < Math.max(to, 1); page += 1) {
      if (!this.fresh.has(page) && !this.asked.has(page)) void this.load(page);
    }
  };

  /** Reads the rows in sight anew, because any row may have changed. The old rows stay until then. */
  stale(total: number): void {
    this.fresh.clear();
    this.generation += 1;
    this.total = total;
    this.see(...this.sight);
  }

  stop(): void {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.read);
    this.abort.abort();
  }

  private async load(page: number): Promise<void> {
    const { generation } = this;
    this.asked.add(page);
    try {
      const first = page * ITEM_PAGE;
      let read = await readItems(this.id, { ...parametersOf(this.filter), limit: ITEM_PAGE, offset: page }, this.abort.signal);
      this.total = read.total;
      const items = read.items;
      while (read.next && items.length < ITEM_PAGE && items.length > 0) {
        const rest = { ...parametersOf(this.filter), limit: ITEM_PAGE - items.length, after_index: read.next };
        read = await readItems(this.id, rest, this.abort.signal);
        if (read.items.length === 0) break;
        items.push(...read.items);
      }
      items.forEach((item, n) => this.rows.set(first + n, item));
      for (let place = first + items.length; place < first + ITEM_PAGE; place += 1) this.rows.delete(place);
      if (generation === this.generation) this.fresh.add(page);
      this.failures = 0;
      this.error = undefined;
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.fail(error);
    } finally {
      this.asked.delete(page);
    }
    if (generation !== this.generation) this.read();
    this.changed();
  }

  /** Keeps the error until an answer comes, and asks again by itself where that may help. */
  private fail(error: unknown): void {
    this.error = error;
    this.failures += 1;
    clearTimeout(this.timer);
    if (!isFinal(error)) this.timer = setTimeout(this.read, nextWait(IDLE, 0, this.failures));
  }
}

/** Reads every item of a batch, page after page; `seen` says how many are read. */
export async function everyItem(id: string, seen: (items: Item[]) => void | Promise<void>, parameters: Parameters = {}): Promise<void> {
  let after = "";
  for (;;) {
    const page = await readItems(id, { status: "all", ...parameters, limit: MOST, ...(after ? { after_index: after } : {}) });
    await seen(page.items);
    if (!page.next || page.items.length === 0) return;
    after = page.next;
  }
}

/** The cycle and the file of a batch. */
export async function batchHead(id: string): Promise<{ cycle: string; file: string }> {
  const data = await callRecord("/station/order/batch/result", { ...idParameter(id), limit: 1 });
  const config = isRecord(data["time_config"]) ? data["time_config"] : {};
  return { cycle: text(config["time_config_id"]), file: text(data["file_name"]) };
}

export type Mending = { order_data: Record_ } | { order_id: string } | Record<string, never>;

/**
 * Mends one order: with new content, as made by hand, or (with neither) not at all. The order's key goes with its index, because an
 * index means another order once somebody submitted the batch without some of its orders.
 */
export async function amend(id: string, item: Item, how: Mending): Promise<Counts> {
  const data = await callRecord("/station/order/batch/amend", { ...idParameter(id), index: item.index, ...keyOf(item.order), ...how });
  return readCounts(data["counts"]);
}
