// A task and its items as the API answers them.
import { count, isRecord, list, records, text, type Json, type Record_ } from "../base/json.ts";

export type Outcome = "success" | "partial" | "failed" | "cancelled" | "";

export interface Task {
  id: string;
  ownId: string;
  name: string;
  type: number;
  /** 1 submitted, 2 running, 3 finished. */
  status: number;
  progress: number;
  canCancel: boolean;
  station: string;
  created: string;
  started: string;
  ended: string;
  queue: string;
  attempt: number;
  maxAttempts: number;
  nextRun: string;
  lease: string;
  lastError: string;
  outcome: Outcome;
  tags: string[];
  createdBy: string;
  result: Json;
}

export interface Run {
  run: number;
  attempt: number;
  started: string;
  ended: string;
  outcome: string;
  error: string;
  counts: Counts | undefined;
}

export const STATUSES = ["success", "failed", "pending", "amended", "dropped", "cancelled"] as const;
export type ItemStatus = (typeof STATUSES)[number];
export type Counts = Record<ItemStatus | "total", number>;

export interface Detail extends Task {
  runCount: number;
  shown: boolean;
  isBatch: boolean;
  counts: Counts;
  codeCounts: [string, number][];
  runs: Run[];
  input: Json | undefined;
}

export interface ItemError {
  code: string;
  field: string;
  value: string;
  msg: string;
}

export interface Item {
  index: number;
  status: ItemStatus;
  orderId: string;
  orderNo: string;
  code: string;
  msg: string;
  errors: ItemError[];
  errorCount: number;
  notice: string;
  /** An order, or else the change of a price. */
  isOrder: boolean;
  /** The order as it was sent. */
  order: Record_;
}

/** Members that the API adds to an order. */
const ADDED = ["index", "order_no", "order_id", "status", "code", "msg", "errors", "error_count", "notice", "sent"];

export function readTask(data: Record_): Task {
  const result = data["result"] ?? null;
  return {
    id: text(data["task_id"]),
    ownId: text(data["user_task_id"]),
    name: text(data["task_name"]),
    type: count(data["type"]),
    status: count(data["status"]),
    progress: count(data["progress"]),
    canCancel: data["can_cancel"] === true,
    station: text(data["station_id"]),
    created: text(data["create_time"]),
    started: text(data["start_time"]),
    ended: text(data["end_time"]),
    queue: text(data["queue"]),
    attempt: count(data["attempt"]),
    maxAttempts: count(data["max_attempts"]),
    nextRun: text(data["next_run_time"]),
    lease: text(data["lease_time"]),
    lastError: text(data["last_error"]),
    outcome: readOutcome(data["outcome"] ?? (isRecord(result) ? result["outcome"] : undefined)),
    tags: list(data["tags"]).map(text),
    createdBy: text(data["created_by"]),
    result,
  };
}

function readOutcome(value: Json | undefined): Outcome {
  const word = text(value);
  return word === "success" || word === "partial" || word === "failed" || word === "cancelled" ? word : "";
}

export function readCounts(value: Json | undefined): Counts {
  const from = isRecord(value) ? value : {};
  const all: Counts = { total: count(from["total"]), success: 0, failed: 0, pending: 0, amended: 0, dropped: 0, cancelled: 0 };
  for (const status of STATUSES) all[status] = count(from[status]);
  return all;
}

export function readDetail(data: Record_): Detail {
  const counts = readCounts(data["counts"]);
  const codes = isRecord(data["code_counts"]) ? Object.entries(data["code_counts"]) : [];
  return {
    ...readTask(data),
    runCount: count(data["run_count"]),
    shown: data["message_show"] !== false,
    isBatch: Array.isArray(data["items"]) || counts.total > 0,
    counts,
    codeCounts: codes.map(([code, n]): [string, number] => [code, count(n)]).sort((a, b) => b[1] - a[1]),
    runs: [...records(data["runs"]), ...records(data["earlier_runs"])].map(readRun),
    input: data["input"],
  };
}

function readRun(data: Record_): Run {
  return {
    run: count(data["run"] ?? data["run_count"]),
    attempt: count(data["attempt"]),
    started: text(data["start_time"] ?? data["accept_time"]),
    ended: text(data["end_time"]),
    outcome: text(data["outcome"]),
    error: text(data["error"] ?? data["last_error"]),
    counts: isRecord(data["counts"]) ? readCounts(data["counts"]) : undefined,
  };
}

export function readItem(data: Record_): Item {
  const status = text(data["status"]) as ItemStatus;
  const notice = data["notice"];
  return {
    index: count(data["index"]),
    status: STATUSES.includes(status) ? status : "pending",
    orderId: text(data["order_id"]),
    orderNo: text(data["order_no"]),
    code: text(data["code"]),
    msg: text(data["msg"]),
    errors: records(data["errors"]).map((error) => ({
      code: text(error["code"]),
      field: text(error["field"]),
      value: text(error["value"]),
      msg: text(error["msg"]),
    })),
    errorCount: count(data["error_count"]),
    notice: isRecord(notice) ? text(notice["msg"]) : "",
    isOrder: "order_no" in data,
    order: orderOf(data),
  };
}

/** Returns the order as it was sent, without the members that the API added. */
export function orderOf(data: Record_): Record_ {
  if ("sent" in data) return isRecord(data["sent"]) ? data["sent"] : {};
  return Object.fromEntries(Object.entries(data).filter(([name]) => !ADDED.includes(name)));
}

/** Reads the counts of a finished batch from its result. */
export function resultCounts(task: Task): { good: number; bad: number; rest: number } | undefined {
  const { result } = task;
  if (!isRecord(result) || !("total" in result)) return undefined;
  return {
    good: count(result["success_count"]),
    bad: count(result["failure_count"]),
    rest: count(result["unprocessed_count"]) + count(result["dropped_count"]),
  };
}
