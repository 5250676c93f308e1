// Sends the orders of a file and follows their outcomes.
import { call, CallError, ofStation } from "../base/client.ts";
import { isRecord } from "../base/json.ts";
import { send } from "../base/send.ts";
import type { Part } from "../import/worker.ts";
import { table } from "../import/table.ts";
import { addedCells, addedHeader } from "../import/rows-back.ts";
import { everyItem } from "./items.ts";
import { readTask, type Task } from "./task.ts";

const SUBMIT = "/station/order/batch/submit";

/** Reads the batch with this id, if it exists. */
export async function existing(taskId: string): Promise<Task | undefined> {
  try {
    const { data } = await call("/async_task/get", { user_task_id: taskId });
    return isRecord(data) ? readTask(data) : undefined;
  } catch (error) {
    if (error instanceof CallError && error.word === "TASK_NOT_FOUND") return undefined;
    throw error;
  }
}

export interface Sending {
  station: string;
  cycle: string;
  file: string;
  part: Part;
  sent: (share: number) => void;
  lost: (isLost: boolean) => void;
  signal: AbortSignal;
}

const WAITS = [1_000, 2_000, 4_000, 8_000, 15_000];

/** Sends a batch. After a lost connection the same batch is sent again under the same id, and is made once. */
export async function submit(sending: Sending): Promise<void> {
  const around = { ...ofStation(sending.station), task_id: sending.part.taskId, time_config_id: sending.cycle, file_name: sending.file.slice(0, 128) };
  const body = await table.run("body", sending.part, around);
  for (let tries = 0; ; tries += 1) {
    sending.signal.throwIfAborted();
    try {
      await send(SUBMIT, body, sending.sent, sending.signal);
      sending.lost(false);
      return;
    } catch (error) {
      const again = error instanceof CallError && (error.kind === "offline" || error.kind === "busy") && error.word !== "aborted";
      if (!again || sending.signal.aborted) throw error;
      sending.lost(true);
      await pause(WAITS[Math.min(tries, WAITS.length - 1)] ?? 15_000, sending.signal);
    }
  }
}

function pause(wait: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, wait);
    const wake = () => (clearTimeout(timer), resolve());
    signal.addEventListener("abort", wake);
    window.addEventListener("online", wake, { once: true });
  });
}

/** Writes the file's own rows with the outcome of each. */
export async function rowsBack(parts: Part[], station: string, format: "csv" | "xlsx"): Promise<Blob> {
  const added: Record<string, string[]> = {};
  for (const part of parts) {
    await everyItem(part.taskId, (items) => {
      for (const item of items) {
        const order = part.from + item.index;
        added[String(order)] = addedCells(item, -1);
        const lines = new Set(item.errors.map((error) => /^details\[(\d+)\]/.exec(error.field)?.[1]).filter((line) => line !== undefined));
        for (const line of lines) added[`${order}.${line}`] = addedCells(item, Number(line));
      }
    }, ofStation(station));
  }
  return table.run("back", added, addedHeader(), format);
}

