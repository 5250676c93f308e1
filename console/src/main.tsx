// Starts the page: its settings, its configuration, then the frame.
import { render } from "preact";
import { App, Stopped } from "./app.tsx";
import { parse, isRecord } from "./base/json.ts";
import { listen } from "./base/route.ts";
import { begin } from "./base/sign-in.ts";
import { config, enterLocally, readConfig } from "./base/session.ts";
import { apply } from "./base/settings.ts";
import { root } from "./base/client.ts";
import "./style/main.css";

async function start(): Promise<void> {
  apply();
  listen();
  const place = document.getElementById("console");
  if (!place) return;
  try {
    const response = await fetch(`${root}/console/config.json`);
    const read = parse(await response.text());
    if (!response.ok || !isRecord(read)) throw new Error("no configuration");
    config.value = readConfig(read);
  } catch {
    render(<Stopped />, place);
    return;
  }
  if (config.value.signIn) await begin(config.value.signIn);
  else enterLocally();
  render(<App />, place);
}

void start();
