// Signing in with OpenID Connect: authorization code with PKCE. The token stays in memory; the values
// that must outlive the way to the issuer and back (verifier, state, address) live in the session storage until the code is redeemed.
import type { Tokens } from "./oidc.ts";
import { enter, leave, type SignIn } from "./session.ts";
import { Store } from "./store.ts";

export type SignedIn = "no" | "yes" | "expired" | { failed: string };
export const signedIn = new Store<SignedIn>("no");

const KEPT = "console.sign-in";
let renewal: ReturnType<typeof setTimeout> | undefined;

interface Kept {
  verifier: string;
  state: string;
  hash: string;
}

function redirect(): string {
  return location.origin + location.pathname;
}

/** Goes to the issuer. */
export async function signIn(how: SignIn): Promise<void> {
  const oidc = await import("./oidc.ts");
  try {
    const { address, verifier, state } = await oidc.authorization(how, redirect());
    sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, hash: location.hash } satisfies Kept));
    location.assign(address);
  } catch (error) {
    signedIn.set({ failed: reason(error) });
  }
}

/** Redeems the code in the address, if there is one. */
export async function begin(how: SignIn): Promise<void> {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has("code") && !parameters.has("error")) return;
  const address = new URL(location.href);
  const kept = readKept();
  history.replaceState(null, "", redirect() + (kept?.hash ?? ""));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
  if (!kept) {
    signedIn.set("no");
    return;
  }
  try {
    const oidc = await import("./oidc.ts");
    const tokens = await oidc.redeem(how, address, redirect(), kept.verifier, kept.state);
    take(how, tokens);
  } catch (error) {
    signedIn.set({ failed: reason(error) });
  }
}

function take(how: SignIn, tokens: Tokens): void {
  enter(tokens.access);
  signedIn.set("yes");
  clearTimeout(renewal);
  if (tokens.refresh) planRenewal(how, tokens.refresh, Math.max(5, tokens.seconds - 60));
}

function planRenewal(how: SignIn, refresh: string, seconds: number, failures = 0): void {
  renewal = setTimeout(() => void renew(how, refresh, failures), seconds * 1000);
}

/** Fetches the next token, again and again until the present one is over. A person who signed out meanwhile stays signed out. */
async function renew(how: SignIn, refresh: string, failures: number): Promise<void> {
  try {
    const oidc = await import("./oidc.ts");
    const tokens = await oidc.renew(how, refresh);
    if (signedIn.value !== "no") take(how, tokens);
  } catch {
    if (signedIn.value === "yes") planRenewal(how, refresh, Math.min(30, 2 ** failures), failures + 1);
  }
}

/** The API said that the token counts no longer. */
export function expire(): void {
  if (signedIn.value !== "yes") return;
  clearTimeout(renewal);
  signedIn.set("expired");
}

export function signOut(): void {
  clearTimeout(renewal);
  leave();
  signedIn.set("no");
}

function readKept(): Kept | undefined {
  const text = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  return text === null ? undefined : (JSON.parse(text) as Kept);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
