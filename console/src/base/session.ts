// The person, the station and the configuration. Tokens live in memory only.
import { count, isRecord, text, type Record_ } from "./json.ts";
import { remember, remembered } from "./settings.ts";
import { Store } from "./store.ts";

export interface SignIn {
  issuer: string;
  clientId: string;
  scopes: string;
}

export interface Config {
  /** The service trusts its callers: no sign-in, choose a station. */
  local: boolean;
  timeZone: string;
  version: string;
  operator: boolean;
  /** The most orders of one batch. */
  maxOrders: number;
  claims: { station: string; operator: string; name: string };
  signIn: SignIn | undefined;
}

export interface Session {
  token: string;
  /** The person's name in the token. */
  name: string;
  /** "" for an operator: all stations. */
  station: string;
  operator: boolean;
}

/** The limit of a service that names none. */
const MOST_ORDERS = 10_000;

export const config: { value: Config } = {
  value: {
    local: true,
    timeZone: "Asia/Shanghai",
    version: "",
    operator: true,
    maxOrders: MOST_ORDERS,
    claims: { station: "station_id", operator: "operator", name: "name" },
    signIn: undefined,
  },
};

export const session = new Store<Session>({ token: "", name: "", station: "", operator: false });

export function readConfig(data: Record_): Config {
  const claims = isRecord(data["claims"]) ? data["claims"] : {};
  const signIn = isRecord(data["sign_in"]) ? data["sign_in"] : undefined;
  return {
    local: data["local"] === true,
    timeZone: text(data["time_zone"]) || "Asia/Shanghai",
    version: text(data["version"]),
    operator: data["operator"] === true,
    maxOrders: count(data["max_orders"]) || MOST_ORDERS,
    claims: {
      station: text(claims["station"]) || "station_id",
      operator: text(claims["operator"]) || "operator",
      name: text(claims["name"]) || "name",
    },
    signIn: signIn && {
      issuer: text(signIn["issuer"]),
      clientId: text(signIn["client_id"]),
      scopes: text(signIn["scopes"]) || "openid",
    },
  };
}

/** Begins a visit without sign-in. */
export function enterLocally(): void {
  session.set({ token: "", name: "", station: remembered("station") ?? "", operator: config.value.operator });
}

/** Begins a visit with an access token, or goes on with a newer one. */
export function enter(token: string): void {
  const said = claims(token);
  const { station, operator, name } = config.value.claims;
  const isOperator = said[operator] === true || said[operator] === "true";
  const own = typeof said[station] === "string" ? said[station] : "";
  const chosen = session.value.token ? session.value.station : remembered("station");
  session.set({
    token,
    name: typeof said[name] === "string" ? said[name] : "",
    station: isOperator ? (chosen ?? own) : own,
    operator: isOperator,
  });
}

export function leave(): void {
  session.set({ ...session.value, token: "" });
}

export function chooseStation(station: string): void {
  remember("station", station);
  if (station) {
    const known = [station, ...knownStations().filter((other) => other !== station)];
    remember("stations", JSON.stringify(known.slice(0, 12)));
  }
  session.set({ ...session.value, station });
}

/** Stations that were looked at in this browser. */
export function knownStations(): string[] {
  try {
    const kept: unknown = JSON.parse(remembered("stations") ?? "[]");
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Reads the claims of a token; whether they are true is the API's business. */
export function claims(token: string): Record<string, unknown> {
  const [, payload = ""] = token.split(".");
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const read: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return read !== null && typeof read === "object" ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
