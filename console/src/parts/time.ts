// Times of the service's zone, which the API prints without an offset, and lengths of time.
import { t } from "../words/index.ts";
import { config } from "../base/session.ts";

/** Milliseconds of a printed time, counted as if its zone were UTC: for differences. */
export function moment(printed: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?/.exec(printed);
  if (!match) return Number.NaN;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** This moment in the service's zone, as the API would print it. */
export function now(at = new Date()): string {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: config.value.timeZone,
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).format(at);
  return parts.replace("T", " ");
}

/** A day `days` after a printed one, `YYYY-MM-DD`. A text that is no day stays. */
export function dayAfter(printed: string, days: number): string {
  const at = moment(`${printed.slice(0, 10)} 00:00`) + days * 86_400_000;
  return Number.isNaN(at) ? printed : new Date(at).toISOString().slice(0, 10);
}

/** Today the clock, this year the day and the clock, else the whole date. */
export function short(printed: string, today = now()): string {
  if (!printed) return "";
  if (printed.slice(0, 10) === today.slice(0, 10)) return printed.slice(11, 19);
  if (printed.slice(0, 4) === today.slice(0, 4)) return printed.slice(5, 16);
  return printed.slice(0, 10);
}

/** A length of time in the largest two units that matter. */
export function length(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 1) return t("underSecond");
  if (seconds < 60) return t("seconds", { n: Math.round(seconds) });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t("minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("hours", { n: hours, m: minutes % 60 });
  return t("days", { n: Math.floor(hours / 24) });
}

export function between(from: string, to: string): string {
  return length((moment(to || now()) - moment(from)) / 1000);
}
