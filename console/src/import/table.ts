// The page's side of the table's thread.
import type { TableWork } from "./worker.ts";

declare const TABLE_WORKER: string;

export type Format = "csv" | "xlsx";
type Answered<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

class TableThread {
  private worker: Worker | undefined;
  private waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private last = 0;

  private start(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL(TABLE_WORKER, import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<{ id: number; value?: unknown; error?: string }>) => {
      const { id, value, error } = event.data;
      const asked = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) asked?.resolve(value);
      else asked?.reject(new Error(error));
    };
    worker.onerror = () => {
      for (const asked of this.waiting.values()) asked.reject(new Error("the table's thread ended"));
      this.waiting.clear();
      this.worker = undefined;
    };
    this.worker = worker;
    return worker;
  }

  run<N extends keyof TableWork>(name: N, ...args: Parameters<TableWork[N]>): Promise<Answered<TableWork[N]>> {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.start().postMessage({ id, name, args });
    });
  }

  /** Writes rows, and lets the person keep the file. */
  async save(rows: string[][], format: Format, name: string): Promise<void> {
    hand(await this.run("write", rows, format), `${name}.${format}`);
  }
}

export const table = new TableThread();

/** Gives the person a file. */
export function hand(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
