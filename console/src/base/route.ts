// The address behind `#`: `#/tasks?status=1`. It holds every filter, so that a link can be sent.
import { Store } from "./store.ts";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

export function read(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const decode = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

export function link(path: string[], query: Record<string, string | undefined> = {}): string {
  const kept = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const search = new URLSearchParams(kept).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

export const route = new Store<Route>(read(location.hash));

/** The address of the task list as it was seen last, with its filters. */
export const seenList = { hash: link(["tasks"]) };

export function listen(): void {
  window.addEventListener("hashchange", () => route.set(read(location.hash)));
}

export function go(hash: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, "", hash);
    route.set(read(hash));
  } else {
    location.hash = hash;
  }
}

/** Changes some parameters of the address, without a step in the browser's history. */
export function setQuery(changes: Record<string, string>): void {
  const query = Object.fromEntries(route.value.query);
  go(link(route.value.path, { ...query, ...changes }), { replace: true });
}
