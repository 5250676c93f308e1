// Who looks, at which station, in which language and light.
import { useState } from "preact/hooks";
import { chooseStation, config, knownStations, session } from "../base/session.ts";
import { language, theme, type Theme } from "../base/settings.ts";
import { signedIn, signIn, signOut } from "../base/sign-in.ts";
import { useStore } from "../base/store.ts";
import { t } from "../words/index.ts";
import { Icon, type IconName } from "./icons.tsx";

export function StationChooser() {
  const { station } = useStore(session);
  const [text, setText] = useState<string | undefined>(undefined);
  const choose = (next: string) => {
    chooseStation(next.trim());
    setText(undefined);
  };
  const stations = [...new Set([...(station ? [station] : []), ...knownStations()])];
  if (text !== undefined) {
    return (
      <form class="station" onSubmit={(event) => (event.preventDefault(), choose(text))}>
        <label class="field"><span>{t("station")}</span>
          <input autofocus value={text} maxLength={16} placeholder={t("stationHint")} onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setText(undefined)} />
        </label>
        <button class="button small">{t("show")}</button>
      </form>
    );
  }
  return (
    <label class="field station"><span>{t("station")}</span>
      <select value={station} onChange={(event) => (event.currentTarget.value === "?" ? setText("") : choose(event.currentTarget.value))}>
        <option value="">{t("allStations")}</option>
        {stations.map((one) => <option key={one} value={one}>{one}</option>)}
        <option value="?">{t("chooseStation")}…</option>
      </select>
    </label>
  );
}

export function Who() {
  const { name, station, operator } = useStore(session);
  return (
    <div class="who">
      <Icon name="person" />
      <span class="clip">{name || t("signIn")}<span class="sub">{operator ? t("operator") : station}</span></span>
      <button class="button quiet small" onClick={signOut}>{t("signOut")}</button>
    </div>
  );
}

const THEMES: { value: Theme; icon: IconName; word: "themeAuto" | "themeLight" | "themeDark" }[] = [
  { value: "auto", icon: "auto", word: "themeAuto" },
  { value: "light", icon: "sun", word: "themeLight" },
  { value: "dark", icon: "moon", word: "themeDark" },
];

export function Looks() {
  const current = useStore(theme);
  return (
    <div class="looks">
      <div class="segments tiny" role="group" aria-label={t("theme")}>
        {THEMES.map((one) => (
          <button key={one.value} class="segment" type="button" aria-pressed={one.value === current} aria-label={t(one.word)} title={t(one.word)} onClick={() => theme.set(one.value)}>
            <Icon name={one.icon} />
          </button>
        ))}
      </div>
      <button class="button quiet small" lang={language.value === "zh" ? "en" : "zh-CN"} onClick={() => language.set(language.value === "zh" ? "en" : "zh")}>
        {t("otherLanguage")}
      </button>
    </div>
  );
}

export function SignInPage({ again = false }: { again?: boolean }) {
  const state = useStore(signedIn);
  const how = config.value.signIn;
  if (!how) return null;
  const failed = typeof state === "object" ? t("signInFailed", { reason: state.failed }) : "";
  const button = <button class="button primary" onClick={() => void signIn(how)}>{t("signIn")}</button>;
  if (again) return <div class="banner warn" role="alert"><span>{t("signedOut")}</span>{button}</div>;
  return (
    <main class="alone">
      <div class="state empty">
        <Icon name="person" />
        <h1>{t("signInTitle")}</h1>
        <p class="muted">{t("signInText")}</p>
        {failed && <p class="wrong" role="alert">{failed}</p>}
        {button}
      </div>
    </main>
  );
}
