// What operators look at: queues, dead letters, callbacks, and the overview.
import { call, callRecord, type Parameters } from "../base/client.ts";
import { count, isRecord, records, text, type Record_ } from "../base/json.ts";
import { session } from "../base/session.ts";
import type { Hour } from "../parts/bars.tsx";

export interface Queue {
  name: string;
  mode: string;
  timeout: number;
  maxAttempts: number;
  concurrency: number;
  paused: boolean;
  waiting: number;
  delayed: number;
  running: number;
  oldest: number;
  failedToday: number;
}

export async function readQueues(signal: AbortSignal): Promise<Queue[]> {
  const queues: Queue[] = [];
  let after = "";
  do {
    const { data, envelope } = await call("/async_task/queue/list", after ? { after } : {}, signal);
    queues.push(...records(data).map(readQueue));
    after = text(envelope["next_after"]);
  } while (after);
  return queues;
}

function readQueue(data: Record_): Queue {
  const counts = isRecord(data["counts"]) ? data["counts"] : {};
  return {
    name: text(data["queue"]),
    mode: text(data["mode"]),
    timeout: count(data["timeout"]),
    maxAttempts: count(data["max_attempts"]),
    concurrency: count(data["concurrency"]),
    paused: data["paused"] === true,
    waiting: count(counts["waiting"]),
    delayed: count(counts["delayed"]),
    running: count(counts["running"]),
    oldest: count(counts["oldest_seconds"]),
    failedToday: count(counts["failed_today"]),
  };
}

export async function pause(queue: string, paused: boolean): Promise<void> {
  await call("/async_task/queue/pause", { queue, paused });
}

/** Runs a queue's failed tasks again, or counts them only; returns their number. */
export async function retryFailed(queue: string, dryRun: boolean): Promise<number> {
  const { station } = session.value;
  let sum = 0;
  let after = "";
  do {
    const parameters = { filter: { queue, outcome: "failed", ...(station ? { station_id: station } : {}) }, dry_run: dryRun, ...(after ? { after_id: after } : {}) };
    const data = await callRecord("/async_task/retry", parameters);
    sum += count(data["retried"]);
    after = text(data["next_after_id"]);
  } while (after);
  return sum;
}

/** Open work that a person should look at. */
export interface Trouble {
  kind: string;
  reason: string;
  since: string;
  seconds: number;
  queue: string;
  station: string;
  taskId: string;
  ownId: string;
  name: string;
  attempt: number;
  maxAttempts: number;
  lastError: string;
  chunk: string;
  firstIndex: number;
  items: number;
}

export interface DeadLetter {
  id: string;
  kind: string;
  station: string;
  queue: string;
  taskId: string;
  ownId: string;
  name: string;
  run: string;
  chunk: string;
  firstIndex: number;
  items: number;
  attempts: number;
  worker: string;
  cause: string;
  created: string;
  failedItems: number;
  settled: boolean;
}

export interface Overview {
  open: number;
  openCapped: boolean;
  ready: number;
  delayed: number;
  waiting: number;
  running: number;
  workCapped: boolean;
  oldest: Trouble | undefined;
  stuck: Trouble[];
  failing: Trouble[];
  deadLetters: DeadLetter[];
  hours: Hour[];
  today: string;
  todayCapped: boolean;
}

export async function readOverview(signal: AbortSignal): Promise<Overview> {
  const data = await callRecord("/async_task/overview", {}, signal);
  const part = (name: string): Record_ => (isRecord(data[name]) ? (data[name] as Record_) : {});
  const work = part("work");
  const today = part("today");
  return {
    open: count(part("open_tasks")["count"]),
    openCapped: part("open_tasks")["capped"] === true,
    ready: count(work["ready"]),
    delayed: count(work["delayed"]),
    waiting: count(work["waiting"]),
    running: count(work["running"]),
    workCapped: work["capped"] === true,
    oldest: isRecord(data["oldest_waiting"]) ? readTrouble(data["oldest_waiting"]) : undefined,
    stuck: records(data["stuck"]).map(readTrouble),
    failing: records(data["failing"]).map(readTrouble),
    deadLetters: records(data["dead_letters"]).map(readDeadLetter),
    hours: records(today["hours"]).map((hour) => ({
      hour: text(hour["hour"]),
      success: count(hour["success"]),
      partial: count(hour["partial"]),
      failed: count(hour["failed"]),
      cancelled: count(hour["cancelled"]),
    })),
    today: text(today["from"]).slice(0, 10),
    todayCapped: today["capped"] === true,
  };
}

function shared(data: Record_) {
  return {
    kind: text(data["kind"]),
    station: text(data["station_id"]),
    queue: text(data["queue"]),
    taskId: text(data["task_id"]),
    ownId: text(data["user_task_id"]),
    name: text(data["task_name"]),
    chunk: text(data["chunk_no"]),
    firstIndex: count(data["first_index"]),
    items: count(data["item_count"]),
  };
}

function readTrouble(data: Record_): Trouble {
  return {
    ...shared(data),
    reason: text(data["reason"]),
    since: text(data["since"]),
    seconds: count(data["seconds"]),
    attempt: count(data["attempt"]),
    maxAttempts: count(data["max_attempts"]),
    lastError: text(data["last_error"]),
  };
}

function readDeadLetter(data: Record_): DeadLetter {
  return {
    ...shared(data),
    id: text(data["id"]),
    run: text(data["run"]),
    attempts: count(data["attempts"]),
    worker: text(data["worker"]),
    cause: text(data["cause"]),
    created: text(data["create_time"]),
    failedItems: count(data["failed_items"]),
    settled: data["settled"] === true,
  };
}

export interface Page<T> {
  rows: T[];
  next: string;
}

export async function readDeadLetters(after: string, signal?: AbortSignal): Promise<Page<DeadLetter>> {
  const { data, pagination } = await call("/async_task/dead_letters", { limit: 50, ...(after ? { after_id: after } : {}) }, signal);
  return { rows: records(isRecord(data) ? data["dead_letters"] : []).map(readDeadLetter), next: text(pagination["next_after_id"]) };
}

/** A message to a callback about the end of a task, sent or to be sent. */
export interface Delivery {
  id: string;
  callback: string;
  station: string;
  taskId: string;
  taskName: string;
  event: string;
  outcome: string;
  state: string;
  tries: number;
  httpStatus: string;
  error: string;
  created: string;
  tried: string;
  next: string;
}

/** Reads a page of deliveries, the newest first. */
export async function readDeliveries(after: string, signal?: AbortSignal): Promise<Page<Delivery>> {
  return deliveries({ limit: 50, ...(after ? { after_id: after } : {}) }, signal);
}

/** Reads the newest deliveries of a task. */
export async function readDeliveriesOf(taskId: string, signal?: AbortSignal): Promise<Delivery[]> {
  return (await deliveries({ task_id: taskId }, signal)).rows;
}

async function deliveries(parameters: Parameters, signal?: AbortSignal): Promise<Page<Delivery>> {
  const { data, pagination } = await call("/async_task/callback/list", parameters, signal);
  return { rows: records(isRecord(data) ? data["deliveries"] : []).map(readDelivery), next: text(pagination["next_after_id"]) };
}

export function readDelivery(data: Record_): Delivery {
  return {
    id: text(data["delivery_id"]),
    callback: text(data["callback"]),
    station: text(data["station_id"]),
    taskId: text(data["task_id"]),
    taskName: text(data["task_name"]),
    event: text(data["event"]),
    outcome: text(data["outcome"]),
    state: text(data["state"]),
    tries: count(data["tries"]),
    httpStatus: text(data["http_status"]),
    error: text(data["last_error"]),
    created: text(data["create_time"]),
    tried: text(data["try_time"]),
    next: text(data["next_time"]),
  };
}

/** Sends a delivery again. Returns false where the service has nothing to send. */
export async function resend(id: string): Promise<boolean> {
  return count((await callRecord("/async_task/callback/resend", { delivery_ids: [id] }))["resent"]) > 0;
}
