// The task list: newest first, live where it is open and in sight, endless.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { CallError } from "../../base/client.ts";
import { usePoll } from "../../base/poll.ts";
import { IDLE, LIVE } from "../../base/poller.ts";
import { link, route, seenList } from "../../base/route.ts";
import { session } from "../../base/session.ts";
import { useStore } from "../../base/store.ts";
import type { Task } from "../../data/task.ts";
import { endsThinly, isOpen, listParameters, merge, readPage, signature, type TaskPage } from "../../data/tasks.ts";
import { Icon } from "../../parts/icons.tsx";
import { Empty, Failure, Loading, NotCurrent, sentence } from "../../parts/state.tsx";
import { t } from "../../words/index.ts";
import { Filters } from "./filters.tsx";
import { Selected } from "./selected.tsx";
import { TaskRow } from "./row.tsx";

export function TasksPage() {
  const { query } = useStore(route);
  const { station } = useStore(session);
  const key = `${station} ${query.toString()}`;
  useEffect(() => void (seenList.hash = link(["tasks"], Object.fromEntries(query))), [query]);
  return (
    <main>
      <header class="head">
        <h1>{t("tasks")}</h1>
        <a class="button primary" href={link(["import"])}><Icon name="import" />{t("importFile")}</a>
      </header>
      <Filters query={query} />
      <TaskList key={key} query={query} />
    </main>
  );
}

/** The pages in sight are asked for anew; the others stay as they are. */
function useTaskPages(query: URLSearchParams) {
  const filter = useMemo(() => listParameters(query), []);
  const byId = !filter["name"] && !filter["user_task_id"];
  const pages = useRef<TaskPage[]>([]);
  const inSight = useRef(new Set([""]));
  const [more, setMore] = useState<"idle" | "loading" | CallError>("idle");
  const [, redraw] = useState(0);
  const polled = usePoll(
    "list",
    async (signal) => {
      const wanted = pages.current.filter((page) => inSight.current.has(page.after) && (page.after === "" || page.tasks.some(isOpen)));
      const afters = pages.current.length === 0 ? [""] : wanted.map((page) => page.after);
      const fresh = await Promise.all(afters.map((after) => readPage(filter, after, signal)));
      for (const page of fresh) pages.current = merge(pages.current, page, byId);
      return pages.current;
    },
    (read) => (read.some((page) => inSight.current.has(page.after) && page.tasks.some(isOpen)) ? LIVE : IDLE),
    (read) => read.map((page) => signature(page.tasks)).join("/"),
  );
  const loadMore = async () => {
    const last = pages.current.at(-1);
    if (!last?.next || more === "loading") return;
    setMore("loading");
    try {
      const page = await readPage(filter, last.next, new AbortController().signal);
      pages.current = merge(pages.current, page, byId);
      setMore("idle");
    } catch (error) {
      setMore(error instanceof CallError ? error : new CallError("broken", "", ""));
    }
  };
  const drop = (ids: Set<string>) => {
    pages.current = pages.current.map((page) => ({ ...page, tasks: page.tasks.filter((task) => !ids.has(task.id)) }));
    redraw((n) => n + 1);
    polled.refresh();
  };
  return { pages: pages.current, polled, more, loadMore, inSight: inSight.current, drop };
}

function TaskList({ query }: { query: URLSearchParams }) {
  const { pages, polled, more, loadMore, inSight, drop } = useTaskPages(query);
  const [chosen, setChosen] = useState(new Set<string>());
  const tasks = pages.flatMap((page) => page.tasks);
  const next = pages.at(-1)?.next ?? "";
  const isFiltered = [...query.values()].some(Boolean);
  if (polled.loading) return <Loading what={t("loadingTasks")} rows={8} />;
  if (polled.error && pages.length === 0) return <Failure error={polled.error} again={polled.refresh} />;
  if (tasks.length === 0 && !next) {
    return isFiltered ? (
      <Empty icon="filter" title={t("noMatch")}><a href={link(["tasks"])}>{t("clearFilters")}</a></Empty>
    ) : (
      <Empty icon="tasks" title={t("noTasks")}><a href={link(["import"])}>{t("noTasksHint")}</a></Empty>
    );
  }
  const choose = (task: Task, is: boolean) => {
    const changed = new Set(chosen);
    if (is) changed.add(task.id);
    else changed.delete(task.id);
    setChosen(changed);
  };
  const all = tasks.length > 0 && tasks.every((task) => chosen.has(task.id));
  return (
    <>
      <NotCurrent polled={polled} />
      <Selected tasks={tasks.filter((task) => chosen.has(task.id))} done={(gone) => (setChosen(new Set()), drop(gone))} clear={() => setChosen(new Set())} />
      <table class="tasks">
        <thead>
          <tr>
            <th class="pick"><input type="checkbox" aria-label={t("chooseAll")} checked={all} onChange={() => setChosen(all ? new Set() : new Set(tasks.map((task) => task.id)))} /></th>
            <th scope="col">{t("task")}</th>
            <th scope="col">{t("state")}</th>
            <th scope="col" class="num">{t("itemsHead")}</th>
            <th scope="col">{t("created")}</th>
            <th scope="col" class="num">{t("duration")}</th>
          </tr>
        </thead>
        {pages.map((page) => (
          <PageRows key={page.after} page={page} inSight={inSight} chosen={chosen} choose={choose} seen={polled.refresh} />
        ))}
      </table>
      {next && <More state={more} load={loadMore} byItself={!(more instanceof CallError) && !endsThinly(pages)} />}
    </>
  );
}

function PageRows(props: { page: TaskPage; inSight: Set<string>; chosen: Set<string>; choose: (task: Task, is: boolean) => void; seen: () => void }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const { page, inSight } = props;
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => {
      const isIn = entry?.isIntersecting ?? false;
      if (isIn && !inSight.has(page.after) && page.tasks.some(isOpen)) props.seen();
      if (isIn) inSight.add(page.after);
      else inSight.delete(page.after);
    });
    if (body.current) watch.observe(body.current);
    return () => (watch.disconnect(), void inSight.delete(page.after));
  }, [page.after]);
  return (
    <tbody ref={body}>
      {page.tasks.map((task) => <TaskRow key={task.id} task={task} chosen={props.chosen.has(task.id)} choose={props.choose} />)}
    </tbody>
  );
}

/** The way to the next page: by a button and, where `byItself`, as soon as the end of the list is near. */
function More({ state, load, byItself }: { state: "idle" | "loading" | CallError; load: () => Promise<void>; byItself: boolean }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (!byItself) return undefined;
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && void latest.current(), { rootMargin: "600px" });
    if (end.current) watch.observe(end.current);
    return () => watch.disconnect();
  }, [state, byItself]);
  return (
    <div ref={end} class="more" role="status">
      {state instanceof CallError ? sentence(state) : null}
      <button class="button" disabled={state === "loading"} onClick={() => void load()}>{state === "loading" ? t("loadingMore") : t("loadMore")}</button>
    </div>
  );
}
