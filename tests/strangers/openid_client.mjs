// npm openid-client: FAPI client with private_key_jwt, PAR and PKCE.
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import * as client from "openid-client";
import { check, refused, setting, signIn } from "./lib.mjs";

const key = await crypto.subtle.importKey("jwk", setting.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const discover = (id, authentication) => client.discovery(new URL(setting.issuer), id, undefined, authentication);
const config = await discover("stranger-fapi", client.PrivateKeyJwt({ key, kid: setting.kid }));

// From a pushed request to the address the browser comes back to.
async function come(scope, changes = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: setting.redirect,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...changes,
  });
  const back = await signIn(url);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  return { back, checks };
}

const grant = ({ back, checks }) => client.authorizationCodeGrant(config, back, checks);

await check("logs in with the pseudonym alone", async () => {
  const tokens = await grant(await come("openid"));
  const claims = tokens.claims();
  strictEqual(claims.aud, "stranger-fapi");
  strictEqual(claims.sub.length, 43);
  ok(["phr", "phrh"].includes(claims.acr));
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  deepStrictEqual(Object.keys(userinfo), ["sub"]);
});

await check("reads what was released, with the same pseudonym", async () => {
  const first = await grant(await come("openid"));
  const tokens = await grant(await come("openid profile email"));
  strictEqual(tokens.claims().sub, first.claims().sub);
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  ok(userinfo.name && userinfo.birthdate && userinfo.gender, JSON.stringify(userinfo));
  strictEqual(userinfo.hkid, undefined);
});

await check("a wrong verifier is refused", async () => {
  const arrived = await come("openid");
  arrived.checks.pkceCodeVerifier = client.randomPKCECodeVerifier();
  await refused("invalid_grant", () => grant(arrived));
});

await check("a code works once, and its second use takes the token back", async () => {
  const arrived = await come("openid");
  const tokens = await grant(arrived);
  const read = () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  await read();
  await refused("invalid_grant", () => grant(arrived));
  await rejects(read, (error) => error.cause?.[0]?.parameters?.error === "invalid_token" || /invalid_token/.test(JSON.stringify(error.cause)));
});

await check("another client cannot use the code", async () => {
  const arrived = await come("openid");
  const other = await discover("stranger-keys", client.PrivateKeyJwt({ key, kid: setting.kid }));
  await refused("invalid_grant", () => client.authorizationCodeGrant(other, arrived.back, arrived.checks));
  await grant(arrived);
});

await check("an unregistered redirect URI is refused at the push", () =>
  refused("invalid_request", () => come("openid", { redirect_uri: "https://evil.example/cb" })));

await check("a request without PKCE is refused at the push", () =>
  refused("invalid_request", () => come("openid", { code_challenge: "", code_challenge_method: "" })));

await check("another response type is refused at the push", () =>
  refused("unsupported_response_type", () => come("openid", { response_type: "code id_token" })));

await check("another key proves nothing", async () => {
  const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const thief = await discover("stranger-fapi", client.PrivateKeyJwt({ key: privateKey, kid: setting.kid }));
  await refused("invalid_client", () =>
    client.buildAuthorizationUrlWithPAR(thief, { redirect_uri: setting.redirect, scope: "openid" }));
});

await check("an answer of another issuer is noticed", async () => {
  const arrived = await come("openid");
  arrived.back.searchParams.set("iss", "https://evil.example");
  await rejects(() => grant(arrived), { code: "OAUTH_INVALID_RESPONSE" });
  arrived.back.searchParams.delete("iss");
  await rejects(() => grant(arrived), { code: "OAUTH_INVALID_RESPONSE" });
});

await check("prompt=none without a session comes back as login_required", async () => {
  const arrived = await come("openid", { prompt: "none" });
  await refused("login_required", () => grant(arrived));
});

await check("a secret logs in by the front door of the plain profile", async () => {
  const plain = await discover("stranger-secret", client.ClientSecretBasic(setting.secret));
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(plain, {
    redirect_uri: "http://127.0.0.1:54321/cb",
    scope: "openid",
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const back = await signIn(url);
  strictEqual(back.origin, "http://127.0.0.1:54321");
  const tokens = await client.authorizationCodeGrant(plain, back, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true });
  strictEqual(tokens.claims().aud, "stranger-secret");
  const wrong = await discover("stranger-secret", client.ClientSecretBasic("wrong"));
  await rejects(() => client.authorizationCodeGrant(wrong, back, { pkceCodeVerifier: verifier, expectedState: state }), (error) =>
    error.code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE" || error.error === "invalid_client");
});
