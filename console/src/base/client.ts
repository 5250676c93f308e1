// Calls of the API: one envelope, one kind of error.
import { Store } from "./store.ts";
import { isRecord, parse, stringify, text, type Json, type Record_ } from "./json.ts";
import { session } from "./session.ts";
import { expire } from "./sign-in.ts";

/** Why a call has no answer. `refused`: the sentence is for the person. */
export type Kind = "refused" | "busy" | "offline" | "signin" | "broken";

export class CallError extends Error {
  constructor(
    readonly kind: Kind,
    readonly word: string,
    message: string,
    readonly requestId = "",
  ) {
    super(message);
  }
}

export interface Answer {
  data: Json;
  pagination: Record_;
  /** The whole envelope. */
  envelope: Record_;
}

/** Tells whether the last call reached the API. */
export const reachable = new Store(true);
/** How many calls were made; tests and the curious read it. */
export const made = { calls: 0 };

/** Where the API is: beside the page, also below a stage's prefix. */
export const root = location.pathname.replace(/\/console\/?$/, "");

export type Parameters = Record<string, unknown>;

export function headers(): Record<string, string> {
  const { token } = session.value;
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** Milliseconds until a call counts as lost: the gateway answers within 30 s. */
const TIMEOUT = 35_000;

/** Posts parameters and returns the envelope's data; throws `CallError`. */
export async function call(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  made.calls += 1;
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, TIMEOUT);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    const response = await fetch(root + path, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json" },
      body: stringify(withStation(path, parameters)),
      signal: limit.signal,
    });
    return open(response.status, await response.text());
  } catch (error) {
    if (error instanceof CallError || signal?.aborted) throw error;
    reachable.set(false);
    throw new CallError("offline", "", "");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Routes that want all_stations where an operator has chosen no station. */
const OVER_ALL = ["/async_task/list", "/async_task/overview", "/async_task/dead_letters", "/async_task/callback/list", "/async_task/callback/resend"];

/** Returns the parameter by which an operator names a station. The token of a station's staff names its station already. */
export function ofStation(station: string): Parameters {
  return session.value.operator && station ? { station_id: station } : {};
}

/** Adds the chosen station to an operator's call, unless the call names one itself. */
export function withStation(path: string, parameters: Parameters): Parameters {
  const { station, operator } = session.value;
  if (operator && !station && OVER_ALL.includes(path)) return { all_stations: true, ...parameters };
  return { ...ofStation(station), ...parameters };
}

/** Reads an envelope, or the gateway's own answer. */
export function open(status: number, body: string): Answer {
  if (status === 401) {
    expire();
    throw new CallError("signin", "", "");
  }
  let envelope: Json = null;
  try {
    envelope = parse(body);
  } catch {
    // Told below: no envelope.
  }
  if (!isRecord(envelope) || !("code" in envelope)) {
    const away = [404, 429, 500, 502, 503, 504].includes(status) && status !== 404;
    if (away) reachable.set(status === 429);
    throw new CallError(away ? "busy" : "broken", String(status), "");
  }
  reachable.set(true);
  const requestId = text(envelope["request_id"]);
  if (envelope["code"] === 0) {
    const pagination = isRecord(envelope["pagination"]) ? envelope["pagination"] : {};
    return { data: envelope["data"] ?? null, pagination, envelope };
  }
  const kind = envelope["code"] === 2 ? "busy" : "refused";
  throw new CallError(kind, text(envelope["error"]), text(envelope["msg"]), requestId);
}

/** Calls and expects an object. */
export async function callRecord(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Record_> {
  const { data } = await call(path, parameters, signal);
  return isRecord(data) ? data : {};
}
