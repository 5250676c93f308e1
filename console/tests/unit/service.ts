// The API, played for tests that call it.
import { mock } from "node:test";

export interface Called {
  path: string;
  parameters: Record<string, unknown>;
}

/** Answers each call with the envelope that `answer` returns; an error that it throws is a lost connection. Returns the calls. */
export function play(answer: (called: Called) => unknown): Called[] {
  const calls: Called[] = [];
  globalThis.fetch = async (path, init) => {
    const called = { path: String(path), parameters: JSON.parse(String(init?.body)) as Record<string, unknown> };
    calls.push(called);
    return new Response(JSON.stringify(await answer(called)));
  };
  return calls;
}

export const busy = { code: 2, msg: "busy", error: "SYSTEM_BUSY" };
export const refused = { code: 1, msg: "the batch has no failed order like this", error: "ORDER_NOT_FOUND" };

/** Lets everything happen that waits for nothing but an answer. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, after everything that waits for nothing but an answer. */
export async function pass(milliseconds: number): Promise<void> {
  await settle();
  mock.timers.tick(milliseconds);
  await settle();
}
