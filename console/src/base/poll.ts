// Polls data that is open and visible: quicker while it changes, slower while it does not, never in a hidden tab.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { CallError } from "./client.ts";
import { Poller, type Rhythm } from "./poller.ts";

export interface Polled<T> {
  data: T | undefined;
  /** Why the last call failed; the data is older then. */
  error: CallError | undefined;
  /** The first answer is on its way. */
  loading: boolean;
  refresh: () => void;
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
  const poller = useRef<Poller<T> | undefined>(undefined);

  useEffect(() => {
    const started = new Poller<T>(
      () => latest.current,
      (data, isChanged) => setState((old) => (isChanged || old.error ? { key, data } : old)),
      (error) => setState((old) => ({ ...(old.key === key ? old : { key }), error })),
    );
    poller.current = started;
    started.start();
    return () => started.end();
  }, [key]);

  const refresh = useCallback(() => poller.current?.refresh(), []);
  const current = state.key === key ? state : { key };
  return {
    data: current.data,
    error: current.error,
    loading: current.data === undefined && current.error === undefined,
    refresh,
  };
}
