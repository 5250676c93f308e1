// Polls data that is open and visible: quicker while it changes, slower while it does not, never in a hidden tab.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { CallError } from "./client.ts";

export interface Polled<T> {
  data: T | undefined;
  error: CallError | undefined;
  /** The first answer is on its way. */
  loading: boolean;
  refresh: () => void;
}

export interface Rhythm {
  /** Milliseconds while something is open; doubles up to `slow` while nothing changes. */
  quick: number;
  slow: number;
}

export const LIVE: Rhythm = { quick: 1_000, slow: 8_000 };
export const IDLE: Rhythm = { quick: 15_000, slow: 60_000 };

/** Returns the milliseconds until the next call. */
export function nextWait(rhythm: Rhythm, unchanged: number, failures: number): number {
  if (failures > 0) return Math.min(30_000, 1_000 * 2 ** Math.min(failures - 1, 5));
  const doublings = Math.max(0, unchanged - 2);
  return Math.min(rhythm.slow, rhythm.quick * 2 ** Math.min(doublings, 6));
}

/**
 * Asks with `ask` whenever `key` changes, then as `rhythm` of the answer says; "stop" ends it.
 * `same` is the text by which two answers are told apart.
 */
export function usePoll<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  rhythm: (data: T) => Rhythm | "stop",
  same: (data: T) => string = (data) => JSON.stringify(data),
): Polled<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: CallError }>({ key });
  const latest = useRef({ ask, rhythm, same });
  latest.current = { ask, rhythm, same };
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let unchanged = 0;
    let failures = 0;
    let before: string | undefined;
    let asking = false;
    let stopped = false;

    const plan = (wait: number) => {
      clearTimeout(timer);
      if (!stopped && document.visibilityState === "visible") timer = setTimeout(() => void turn(), wait);
    };
    const turn = async (): Promise<void> => {
      if (asking || abort.signal.aborted) return;
      asking = true;
      clearTimeout(timer);
      try {
        const data = await latest.current.ask(abort.signal);
        if (abort.signal.aborted) return;
        failures = 0;
        const now = latest.current.same(data);
        unchanged = now === before ? unchanged + 1 : 0;
        if (now !== before) setState({ key, data });
        else setState((old) => (old.error ? { key, data } : old));
        before = now;
        const next = latest.current.rhythm(data);
        stopped = next === "stop";
        if (next !== "stop") plan(nextWait(next, unchanged, 0));
      } catch (error) {
        if (abort.signal.aborted) return;
        const failure = error instanceof CallError ? error : new CallError("broken", "", String(error));
        failures += 1;
        setState((old) => ({ ...(old.key === key ? old : { key }), error: failure }));
        stopped = failure.kind === "signin" || failure.kind === "refused";
        if (!stopped) plan(nextWait(IDLE, 0, failures));
      } finally {
        asking = false;
      }
    };
    const wake = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible" && !stopped) void turn();
    };
    again.current = () => {
      unchanged = 0;
      stopped = false;
      void turn();
    };
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    void turn();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
    };
  }, [key]);

  const refresh = useCallback(() => again.current(), []);
  const current = state.key === key ? state : { key };
  return {
    data: current.data,
    error: current.error,
    loading: current.data === undefined && current.error === undefined,
    refresh,
  };
}
