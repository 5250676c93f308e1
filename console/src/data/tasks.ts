// Pages of the task list that stay as they were read until they are in sight and open.
import { call, callRecord, type Parameters } from "../base/client.ts";
import { records, stringify, text, isRecord } from "../base/json.ts";
import { dayAfter } from "../parts/time.ts";
import { readDetail, readTask, resultCounts, type Detail, type Task } from "./task.ts";

export const PAGE = 30;

export interface TaskPage {
  /** The `after_id` it was asked with; "" for the newest. */
  after: string;
  tasks: Task[];
  next: string;
}

export type Filter = Record<string, string>;

/** Turns the filter of the address into parameters of the list. */
export function listParameters(query: URLSearchParams): Filter {
  const filter: Filter = {};
  const show = query.get("show") ?? "";
  if (show === "open") filter["status"] = "1,2";
  else if (show === "trouble") filter["outcome"] = "failed,partial";
  else if (show === "success" || show === "cancelled") filter["outcome"] = show;
  for (const name of ["queue", "tag", "type_id"]) {
    const value = query.get(name)?.trim();
    if (value) filter[name] = value;
  }
  const search = query.get("q")?.trim();
  if (search) filter[query.get("by") === "id" ? "user_task_id" : "name"] = search;
  else {
    if (query.get("from")) filter["created_from"] = `${query.get("from")} 00:00:00`;
    if (query.get("to")) filter["created_to"] = `${dayAfter(query.get("to") ?? "", 1)} 00:00:00`;
  }
  return filter;
}

export async function readPage(filter: Filter, after: string, signal: AbortSignal): Promise<TaskPage> {
  const parameters = { ...filter, limit: PAGE, ...(after ? { after_id: after } : {}) };
  const { data, pagination } = await call("/async_task/list", parameters, signal);
  const tasks = records(isRecord(data) ? data["tasks"] : []).map(readTask);
  return { after, tasks, next: text(pagination["next_after_id"]) };
}

/** Tells whether an id is smaller than another. Ids may be larger than a double holds. */
export function isOlder(id: string, than: string): boolean {
  return id.length === than.length ? id < than : id.length < than.length;
}

/** Puts a page that was read anew in its place. No task is skipped and no task is there twice. */
export function merge(pages: TaskPage[], fresh: TaskPage, byId: boolean): TaskPage[] {
  const at = pages.findIndex((page) => page.after === fresh.after);
  const old = pages[at];
  if (!old) return once([...pages, fresh]);
  if (byId) return once(withPushed(pages, at, old, fresh));
  return old.next === fresh.next ? pages.with(at, fresh) : [...pages.slice(0, at), fresh];
}

/** Keeps each task in the first page that has it: a task that left its page makes room for the first of the next page. */
function once(pages: TaskPage[]): TaskPage[] {
  const seen = new Set<string>();
  return pages.map((page) => {
    const tasks = page.tasks.filter((task) => !seen.has(task.id));
    for (const task of tasks) seen.add(task.id);
    return tasks.length === page.tasks.length ? page : { ...page, tasks };
  });
}

/** Moves tasks that newer ones pushed off a page into the next page, or into one of their own. */
function withPushed(pages: TaskPage[], at: number, old: TaskPage, fresh: TaskPage): TaskPage[] {
  const pushed = fresh.next ? old.tasks.filter((task) => isOlder(task.id, fresh.next)) : [];
  if (pushed.length === 0) return pages.with(at, fresh);
  const following = pages[at + 1];
  const fits = following && following.tasks.length + pushed.length <= PAGE;
  const page = { after: fresh.next, tasks: fits ? [...pushed, ...following.tasks] : pushed, next: fits ? following.next : old.next };
  return pages.toSpliced(at, fits ? 2 : 1, fresh, page);
}

/** Returns the text of all members that the list shows. Two answers with the same text look the same. */
export function signature(tasks: Task[]): string {
  return stringify(tasks.map((task) => [
    task.id, task.status, task.progress, task.outcome, task.ended, task.attempt, task.name, task.lastError, task.tags, resultCounts(task),
  ]));
}

/** How many of the last pages tell whether more are read without a click. */
const LOOKED_AT = 3;

/** Tells whether the last pages hold hardly anything: a rare filter would read the whole history. */
export function endsThinly(pages: TaskPage[]): boolean {
  const last = pages.slice(-LOOKED_AT);
  return last.length === LOOKED_AT && last.reduce((sum, page) => sum + page.tasks.length, 0) < PAGE;
}

export function isOpen(task: Task): boolean {
  return task.status !== 3;
}

export async function readOne(id: string, signal: AbortSignal, parameters: Parameters = {}): Promise<Detail> {
  return readDetail(await callRecord("/async_task/detail", { ...idParameter(id), limit: 1, ...parameters }, signal));
}

/** Names a task by its key where the text is a number, else by the caller's own id. */
export function idParameter(id: string): Record<string, string> {
  return /^\d+$/.test(id) ? { task_id: id } : { user_task_id: id };
}

export async function close(ids: string[]): Promise<void> {
  await call("/async_task/close", { task_ids: ids });
}

export async function retry(ids: string[]): Promise<number> {
  const data = await callRecord("/async_task/retry", { task_ids: ids });
  return Number(text(data["retried"]));
}
