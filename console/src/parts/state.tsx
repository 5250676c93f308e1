// States of a place without current data: being read, empty, failed, old.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CallError } from "../base/client.ts";
import type { Polled } from "../base/poll.ts";
import { isFinal } from "../base/poller.ts";
import { refusal, t } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

/** Names the data that is being read. It says nothing for the first 150 ms, so that a quick answer does not flicker. */
export function Loading({ what, rows = 0 }: { what: string; rows?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="state" role="status">
      {late && <p class="loading">{what}</p>}
      {late && rows > 0 && <div class="skeleton" aria-hidden="true">{Array.from({ length: rows }, (_, n) => <i key={n} />)}</div>}
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="state empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children && <div class="muted">{children}</div>}
    </div>
  );
}

/** Returns the sentence for a call that failed. */
export function sentence(error: unknown): string {
  if (!(error instanceof CallError)) return t("errorBroken");
  switch (error.kind) {
    case "refused":
      return refused(error);
    case "offline":
      return t("errorOffline");
    case "busy":
      return t("errorBusy");
    case "signin":
      return t("errorSignIn");
    default:
      return t("errorBroken");
  }
}

function refused({ word, message }: CallError): string {
  const known = /[\u4e00-\u9fff]/.test(message) ? "" : refusal(word);
  return known && message ? `${known}（${message}）` : known || message || t("errorBroken");
}

export function Failure({ error, again }: { error: CallError; again?: () => void }) {
  return (
    <div class="state failure" role="alert">
      <Icon name="alert" />
      <h2>{error.kind === "offline" ? t("offlineTitle") : t("failureTitle")}</h2>
      <p>{sentence(error)}</p>
      {error.requestId && <p class="muted small">{t("requestId")} <code>{error.requestId}</code></p>}
      {again && error.kind !== "signin" && <button class="button" onClick={again}><Icon name="retry" />{t("tryAgain")}</button>}
    </div>
  );
}

/** Says that the data below is old, because the last call failed. A lost connection and an expired sign-in have banners of their own. */
export function NotCurrent({ polled: { data, error, refresh } }: { polled: Polled<unknown> }) {
  if (data === undefined || !error || error.kind === "offline" || error.kind === "signin") return null;
  return (
    <div class="fault" role="alert">
      <Icon name="alert" />
      <span>{isFinal(error) ? t("noLongerCurrent", { reason: sentence(error) }) : t("notCurrent")}</span>
      {isFinal(error) && <button class="button small" onClick={refresh}>{t("tryAgain")}</button>}
    </div>
  );
}
