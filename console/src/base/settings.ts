// What this browser remembers: language, theme, station, column mappings. Never a token.
import { Store } from "./store.ts";

export type Language = "zh" | "en";
export type Theme = "auto" | "light" | "dark";

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`console.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`console.${name}`, value);
  } catch {
    // A browser that keeps nothing still works for this visit.
  }
}

function firstLanguage(): Language {
  const kept = remembered("language");
  if (kept === "zh" || kept === "en") return kept;
  return navigator.languages.some((name) => name.toLowerCase().startsWith("zh")) ? "zh" : "en";
}

function firstTheme(): Theme {
  const kept = remembered("theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export const language = new Store<Language>(firstLanguage());
export const theme = new Store<Theme>(firstTheme());

/** Puts language and theme on the document, now and at every change. */
export function apply(): void {
  const show = () => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
    if (theme.value === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
  };
  language.watch(() => (remember("language", language.value), show()));
  theme.watch(() => (remember("theme", theme.value), show()));
  show();
}
