// The loop behind a poll: asks, waits as long as the answer's rhythm says, longer after failures, and never in a hidden tab.
import { CallError } from "./client.ts";

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

/** Tells whether the same call would fail again, however long one waits. */
export function isFinal(error: unknown): boolean {
  return error instanceof CallError && (error.kind === "signin" || error.kind === "refused");
}

export interface Asking<T> {
  ask: (signal: AbortSignal) => Promise<T>;
  /** The rhythm after an answer; "stop" ends the poll. */
  rhythm: (data: T) => Rhythm | "stop";
  /** The text by which two answers are told apart. */
  same: (data: T) => string;
}

export class Poller<T> {
  private abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private unchanged = 0;
  private failures = 0;
  private before: string | undefined;
  private asking = false;
  private again = false;
  private stopped = false;

  constructor(
    private asked: () => Asking<T>,
    private answered: (data: T, isChanged: boolean) => void,
    private failed: (error: CallError) => void,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("online", this.wake);
    void this.turn();
  }

  end(): void {
    this.abort.abort();
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("online", this.wake);
  }

  /** Asks now. An answer that is on its way may be older than the caller's change, so that another call follows it. */
  refresh(): void {
    this.unchanged = 0;
    this.stopped = false;
    this.again = this.asking;
    void this.turn();
  }

  private wake = (): void => {
    clearTimeout(this.timer);
    if (document.visibilityState === "visible" && !this.stopped) void this.turn();
  };

  private plan(wait: number): void {
    clearTimeout(this.timer);
    if (!this.stopped && document.visibilityState === "visible") this.timer = setTimeout(() => void this.turn(), wait);
  }

  private async turn(): Promise<void> {
    if (this.asking || this.abort.signal.aborted) return;
    this.asking = true;
    clearTimeout(this.timer);
    try {
      const data = await this.asked().ask(this.abort.signal);
      if (!this.abort.signal.aborted) this.take(data);
    } catch (error) {
      if (!this.abort.signal.aborted) this.fail(error);
    } finally {
      this.asking = false;
    }
    if (!this.again) return;
    this.again = false;
    this.stopped = false;
    void this.turn();
  }

  private take(data: T): void {
    const { rhythm, same } = this.asked();
    this.failures = 0;
    const now = same(data);
    const isChanged = now !== this.before;
    this.unchanged = isChanged ? 0 : this.unchanged + 1;
    this.before = now;
    this.answered(data, isChanged);
    const next = rhythm(data);
    this.stopped = next === "stop";
    if (next !== "stop") this.plan(nextWait(next, this.unchanged, 0));
  }

  private fail(error: unknown): void {
    this.failures += 1;
    this.failed(error instanceof CallError ? error : new CallError("broken", "", String(error)));
    this.stopped = isFinal(error);
    this.plan(nextWait(IDLE, 0, this.failures));
  }
}
