// npm oidc-client-ts in Chromium: software in a browser, on another origin, that logs a person in on the real pages. The person's
// passkey lies in Chromium's virtual authenticator.
import { execFileSync } from "node:child_process";
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";
import { check, setting } from "./lib.mjs";

const library = readFileSync(join(dirname(createRequire(import.meta.url).resolve("oidc-client-ts/package.json")), "dist/browser/oidc-client-ts.min.js"));
const page = (scope, change) => `<!doctype html><title>waiting</title><script src="/oidc-client-ts.min.js"></script><script type="module">
const manager = new oidc.UserManager({
  authority: ${JSON.stringify(setting.issuer)}, client_id: "stranger-public", redirect_uri: location.origin + "/cb",
  scope: ${JSON.stringify(scope)}, loadUserInfo: true, automaticSilentRenew: false,
});
const tell = (outcome) => { window.outcome = outcome; document.title = "done"; };
try {
  if (location.pathname === "/cb") {
    ${change}
    const user = await manager.signinRedirectCallback();
    tell({ profile: user.profile });
  } else await manager.signinRedirect({ state: "mine" });
} catch (error) { tell({ error: error.error ?? String(error) }); }
</script>`;

// The application's own origin: a loopback address on any port.
let served = page("openid", "");
const application = createServer((request, response) => {
  const script = request.url.startsWith("/oidc-client-ts");
  response.setHeader("content-type", script ? "text/javascript" : "text/html");
  response.end(script ? library : served);
});
await new Promise((listening) => application.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${application.address().port}`;

const home = mkdtempSync(join(tmpdir(), "lionrock-stranger-"));
const store = join(home, ".pki/nssdb");
mkdirSync(store, { recursive: true });
execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"], { stdio: "ignore" });
execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-n", "demo", "-t", "C,,", "-i", setting.ca], { stdio: "ignore" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  env: { ...process.env, HOME: home },
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

// A fresh browser whose virtual authenticator holds a synthetic person's passkey.
async function visitor() {
  const context = await browser.newContext({ locale: "en-HK" });
  const tab = await context.newPage();
  const devices = await context.newCDPSession(tab);
  await devices.send("WebAuthn.enable");
  const { authenticatorId } = await devices.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const phones = JSON.parse(readFileSync(join(setting.data, "rehearsal/phones.json"), "utf8"));
  const [passkey] = phones[setting.registered[2]].passkeys;
  const base64 = (text) => Buffer.from(text, "base64url").toString("base64");
  await devices.send("WebAuthn.addCredential", {
    authenticatorId,
    credential: {
      credentialId: base64(passkey.id),
      isResidentCredential: true,
      rpId: passkey.rp_id,
      privateKey: base64(passkey.private_key),
      userHandle: base64(passkey.user_handle),
      // Ahead of whatever the software phone has counted.
      signCount: Math.floor(Date.now() / 1000) % 1_000_000_000,
    },
  });
  return tab;
}

const outcome = async (tab) => {
  await tab.waitForURL(`${origin}/cb**`, { timeout: 20_000 });
  await tab.waitForFunction(() => document.title === "done", undefined, { timeout: 20_000 });
  return tab.evaluate(() => window.outcome);
};

await check("oidc-client-ts logs in by one passkey answer", async () => {
  served = page("openid", "");
  const tab = await visitor();
  await tab.goto(origin);
  await tab.waitForURL(`${setting.issuer}/oauth/consent**`);
  await tab.click("#continue");
  const { profile, error } = await outcome(tab);
  strictEqual(error, undefined);
  strictEqual(profile.sub.length, 43);
  await tab.context().close();
});

await check("oidc-client-ts reads what the person chose", async () => {
  served = page("openid profile", "");
  const tab = await visitor();
  await tab.goto(origin);
  await tab.waitForURL(`${setting.issuer}/signin**`);
  ok((await tab.textContent("main")).includes("stranger-public"), "the sign-in page says for whom");
  await tab.click("#continue");
  await tab.waitForURL(`${setting.issuer}/oauth/consent**`);
  await tab.uncheck("#field-birth");
  await tab.click("#continue");
  const { profile, error } = await outcome(tab);
  strictEqual(error, undefined);
  ok(profile.name && profile.gender, JSON.stringify(profile));
  strictEqual(profile.birthdate, undefined, "it was not ticked");
  await tab.context().close();
});

await check("a person who declines is not logged in", async () => {
  served = page("openid", "");
  const tab = await visitor();
  await tab.goto(origin);
  await tab.waitForURL(`${setting.issuer}/oauth/consent**`);
  await tab.click("#decline");
  deepStrictEqual(await outcome(tab), { error: "access_denied" });
  await tab.context().close();
});

await check("oidc-client-ts with another verifier is refused", async () => {
  served = page("openid", 'for (const key of Object.keys(localStorage)) if (key.startsWith("oidc.")) { const kept = JSON.parse(localStorage[key]); kept.code_verifier = "x".repeat(64); localStorage[key] = JSON.stringify(kept); }');
  const tab = await visitor();
  await tab.goto(origin);
  await tab.waitForURL(`${setting.issuer}/oauth/consent**`);
  await tab.click("#continue");
  deepStrictEqual(await outcome(tab), { error: "invalid_grant" });
  await tab.context().close();
});

await browser.close();
application.close();
rmSync(home, { recursive: true, force: true });
