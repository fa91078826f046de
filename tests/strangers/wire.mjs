// The endpoints as raw HTTP sees them: shapes of errors, headers, doors that stay shut.
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { createHash, randomBytes } from "node:crypto";
import { check, setting, signIn } from "./lib.mjs";

const { issuer, secret, redirect } = setting;
const at = (path) => `${issuer}${path}`;
const form = (path, fields, headers = {}) =>
  fetch(at(path), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
const basic = (id, word) => ({ authorization: `Basic ${Buffer.from(`${id}:${word}`).toString("base64")}` });
const verifier = randomBytes(32).toString("base64url");
const request = {
  response_type: "code",
  client_id: "stranger-secret",
  redirect_uri: redirect,
  scope: "openid",
  state: "st",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
};
const authorize = (changes = {}, drop = []) => {
  const url = new URL(at("/oauth/authorize"));
  for (const [name, value] of Object.entries({ ...request, ...changes })) if (!drop.includes(name)) url.searchParams.set(name, value);
  return url;
};
const browse = (url) => fetch(url, { redirect: "manual", headers: { accept: "text/html" } });

await check("discovery says what is true, and only that", async () => {
  const response = await fetch(at("/.well-known/openid-configuration"));
  strictEqual(response.headers.get("access-control-allow-origin"), "*");
  const said = await response.json();
  strictEqual(said.issuer, issuer);
  deepStrictEqual(said.response_types_supported, ["code"]);
  deepStrictEqual(said.code_challenge_methods_supported, ["S256"]);
  deepStrictEqual(said.subject_types_supported, ["pairwise"]);
  strictEqual(said.authorization_response_iss_parameter_supported, true);
  deepStrictEqual(await (await fetch(at("/.well-known/oauth-authorization-server"))).json(), said);
  const { keys } = await (await fetch(said.jwks_uri)).json();
  ok(keys.length > 0 && keys.every((key) => key.kid && key.alg === "ES256" && !("d" in key)));
});

await check("errors have the shape of RFC 6749 and are not cached", async () => {
  for (const path of ["/oauth/par", "/oauth/token"]) {
    const response = await form(path, request, basic("stranger-secret", "wrong"));
    strictEqual(response.status, 401);
    strictEqual(response.headers.get("cache-control"), "no-store");
    ok(response.headers.get("www-authenticate")?.startsWith("Basic "));
    strictEqual((await response.json()).error, "invalid_client");
  }
});

await check("bodies of another type, broken or doubled are refused", async () => {
  const json = await fetch(at("/oauth/token"), { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  strictEqual(json.status, 415);
  strictEqual((await json.json()).error, "invalid_request");
  const none = await fetch(at("/oauth/token"), { method: "POST" });
  ok([400, 415].includes(none.status));
  const twice = await fetch(at("/oauth/par"), {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...basic("stranger-secret", secret) },
    body: `${new URLSearchParams(request)}&scope=openid`,
  });
  strictEqual((await twice.json()).error, "invalid_request");
  const two = await form("/oauth/par", { ...request, client_assertion: "x" }, basic("stranger-secret", secret));
  strictEqual((await two.json()).error, "invalid_request");
  const get = await fetch(at("/oauth/token"));
  strictEqual(get.status, 405);
});

await check("userinfo asks for a bearer token in the header", async () => {
  const without = await fetch(at("/oauth/userinfo"));
  strictEqual(without.status, 401);
  strictEqual(without.headers.get("www-authenticate"), 'Bearer realm="lionrock"');
  const wrong = await fetch(at("/oauth/userinfo"), { headers: { authorization: "Bearer nonsense" } });
  strictEqual(wrong.status, 401);
  ok(/error="invalid_token"/.test(wrong.headers.get("www-authenticate")));
  const query = await fetch(at("/oauth/userinfo?access_token=nonsense"));
  ok(!/error=/.test(query.headers.get("www-authenticate")));
});

await check("nobody is sent to an unregistered address", async () => {
  for (const changes of [
    { redirect_uri: "https://evil.example/cb" },
    { redirect_uri: `${redirect}/` },
    { redirect_uri: `${redirect}#x` },
    { redirect_uri: "http://127.0.0.1:80@evil.example/cb" },
    { client_id: "nobody" },
    { request_uri: "urn:ietf:params:oauth:request_uri:AAAA" },
    { request_uri: "https://evil.example/request" },
  ]) {
    const response = await browse(authorize(changes));
    ok(response.status >= 400 && response.status < 500, `${JSON.stringify(changes)}: ${response.status}`);
    strictEqual(response.headers.get("location"), null);
    ok(!/(href|action|src|content)="[^"]*:\/\/evil/.test(await response.text()));
  }
  const twice = await browse(`${authorize()}&state=again`);
  strictEqual(twice.status, 400);
});

await check("faults of a known client go back to it, with state and iss, by 303", async () => {
  for (const [changes, drop, error] of [
    [{ response_type: "token" }, [], "unsupported_response_type"],
    [{ response_mode: "fragment" }, [], "invalid_request"],
    [{}, ["code_challenge"], "invalid_request"],
    [{ code_challenge_method: "plain" }, [], "invalid_request"],
    [{ scope: "email" }, [], "invalid_scope"],
    [{ request: "x.y.z" }, [], "request_not_supported"],
    [{ prompt: "none" }, [], "login_required"],
  ]) {
    const response = await browse(authorize(changes, drop));
    strictEqual(response.status, 303);
    const back = new URL(response.headers.get("location"));
    strictEqual(`${back.origin}${back.pathname}`, redirect);
    const sent = Object.fromEntries(back.searchParams);
    deepStrictEqual([sent.error, sent.state, sent.iss], [error, "st", issuer]);
  }
});

await check("a FAPI client has to push first", async () => {
  const response = await browse(authorize({ client_id: "stranger-fapi" }));
  strictEqual(new URL(response.headers.get("location")).searchParams.get("error"), "invalid_request");
});

await check("the consent page cannot be framed and names the service", async () => {
  const response = await fetch(authorize(), { headers: { accept: "text/html" } });
  strictEqual(response.status, 200);
  ok(new URL(response.url).pathname === "/oauth/consent");
  ok(/frame-ancestors 'none'/.test(response.headers.get("content-security-policy")));
  ok(/form-action 'self' https:\/\/stranger\.example;/.test(response.headers.get("content-security-policy")));
  const html = await response.text();
  ok(html.includes("stranger-secret") && html.includes('id="continue"') && html.includes('id="decline"'));
});

await check("consent cannot be given across sites", async () => {
  const page = await fetch(authorize(), { headers: { accept: "text/html" } });
  const handle = new URL(page.url).searchParams.get("request");
  for (const path of ["/oauth/consent/options", `/oauth/consent?request=${handle}`, "/oauth/consent/decline"]) {
    for (const headers of [{}, { origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const response = await form(path, { request: handle }, headers);
      strictEqual(response.status, 403, `${path} ${JSON.stringify(headers)}`);
    }
  }
});

await check("declining by the form sends access_denied, without script", async () => {
  const page = await fetch(authorize(), { headers: { accept: "text/html" } });
  const html = await page.text();
  const handle = new URL(page.url).searchParams.get("request");
  // The browser cookie is set on the first page; undici keeps none, so it is carried by hand.
  const first = await fetch(page.url, { headers: { accept: "text/html" } });
  const cookie = first.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const token = /name="csrf" value="([^"]+)"/.exec(await first.text())[1];
  const response = await fetch(at("/oauth/consent/decline"), {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie, origin: issuer },
    body: new URLSearchParams({ csrf: token, request: handle }).toString(),
  });
  strictEqual(response.status, 303, html.slice(0, 0));
  const sent = Object.fromEntries(new URL(response.headers.get("location")).searchParams);
  deepStrictEqual([sent.error, sent.state, sent.iss], ["access_denied", "st", issuer]);
});

await check("a public client logs in by PKCE alone, from another origin", async () => {
  const back = await signIn(authorize({ client_id: "stranger-public" }));
  const exchange = (fields) =>
    form("/oauth/token", { grant_type: "authorization_code", client_id: "stranger-public", code: back.searchParams.get("code"), redirect_uri: redirect, ...fields }, { origin: "https://app.example" });
  strictEqual((await (await exchange({})).json()).error, "invalid_request");
  strictEqual((await (await exchange({ code_verifier: "x".repeat(43) })).json()).error, "invalid_grant");
  const response = await exchange({ code_verifier: verifier });
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("access-control-allow-origin"), "*");
  const { access_token } = await response.json();
  const asked = await fetch(at("/oauth/userinfo"), { method: "OPTIONS", headers: { origin: "https://app.example", "access-control-request-method": "GET", "access-control-request-headers": "authorization" } });
  ok(asked.headers.get("access-control-allow-headers").includes("authorization"));
  strictEqual((await fetch(at("/oauth/userinfo"), { headers: { authorization: `Bearer ${access_token}` } })).status, 200);
});

await check("the authorization endpoint is not open to scripts", async () => {
  const response = await fetch(authorize(), { redirect: "manual", headers: { origin: "https://app.example" } });
  strictEqual(response.headers.get("access-control-allow-origin"), null);
});

await check("who guesses a secret is stopped", async () => {
  const statuses = [];
  for (let n = 0; n < 25; n += 1) statuses.push((await form("/oauth/token", { grant_type: "authorization_code" }, basic("stranger-keys", `guess-${n}`))).status);
  ok(statuses.includes(429), statuses.join(" "));
  strictEqual((await form("/oauth/par", request, basic("stranger-secret", secret))).status, 201, "other clients go on");
});
