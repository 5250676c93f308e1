// The protocol itself, by oauth4webapi; loaded only where there is a sign-in.
import * as oauth from "oauth4webapi";
import type { SignIn } from "./session.ts";

export interface Tokens {
  access: string;
  refresh: string;
  seconds: number;
}

let server: oauth.AuthorizationServer | undefined;

// An issuer on this machine, in tests, speaks plain HTTP.
function options(how: SignIn) {
  const { protocol, hostname } = new URL(how.issuer);
  const isLocal = protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  return { [oauth.allowInsecureRequests]: isLocal };
}

async function discover(how: SignIn): Promise<oauth.AuthorizationServer> {
  if (server) return server;
  const issuer = new URL(how.issuer);
  const response = await oauth.discoveryRequest(issuer, options(how));
  server = await oauth.processDiscoveryResponse(issuer, response);
  return server;
}

export async function authorization(how: SignIn, redirect: string): Promise<{ address: string; verifier: string; state: string }> {
  const found = await discover(how);
  if (!found.authorization_endpoint) throw new Error("the issuer names no authorization endpoint");
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(found.authorization_endpoint);
  const parameters = {
    client_id: how.clientId,
    redirect_uri: redirect,
    response_type: "code",
    scope: how.scopes,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return { address: address.href, verifier, state };
}

export async function redeem(how: SignIn, address: URL, redirect: string, verifier: string, state: string): Promise<Tokens> {
  const found = await discover(how);
  const client = { client_id: how.clientId };
  const parameters = oauth.validateAuthResponse(found, client, address, state);
  const response = await oauth.authorizationCodeGrantRequest(found, client, oauth.None(), parameters, redirect, verifier, options(how));
  return tokens(await oauth.processAuthorizationCodeResponse(found, client, response));
}

export async function renew(how: SignIn, refresh: string): Promise<Tokens> {
  const found = await discover(how);
  const client = { client_id: how.clientId };
  const response = await oauth.refreshTokenGrantRequest(found, client, oauth.None(), refresh, options(how));
  const renewed = tokens(await oauth.processRefreshTokenResponse(found, client, response));
  return { ...renewed, refresh: renewed.refresh || refresh };
}

function tokens(answer: oauth.TokenEndpointResponse): Tokens {
  return { access: answer.access_token, refresh: answer.refresh_token ?? "", seconds: answer.expires_in ?? 300 };
}
