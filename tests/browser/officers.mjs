// Officers at the browser: their software keys in its authenticator, and the counter's side of an errand.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const house = (demo) => JSON.parse(readFileSync(join(demo.data, "running.json"), "utf8")).staff;

/**
 * An officer, signed in with a key of the browser. A browser's authenticator counts and the demo's door does not, so a key
 * that is used here is not used at the door; the count grows with the clock, so that it grows from visitor to visitor.
 */
export async function officer({ demo, browser }, slug, options) {
  const visitor = await browser.visitor(options);
  const [key] = JSON.parse(readFileSync(join(demo.data, "rehearsal", "officers.json"), "utf8"))[slug].passkeys;
  const standard = (text) => Buffer.from(text, "base64url").toString("base64");
  await visitor.cdp.send("WebAuthn.addCredential", {
    authenticatorId: visitor.authenticator,
    credential: {
      credentialId: standard(key.id),
      isResidentCredential: true,
      rpId: key.rp_id,
      privateKey: standard(key.private_key),
      userHandle: standard(key.user_handle),
      signCount: Math.max(0, Math.floor((Date.now() - 1_790_000_000_000) / 100)),
    },
  });
  visitor.at = (path) => visitor.page.goto(`${house(demo)}${path}`);
  await visitor.at("/");
  assert.equal(visitor.path, "/signin", "nobody works here before signing in");
  await visitor.go("/");
  return visitor;
}

/** Types the code on a person's screen; leads to the errand. */
export async function takeUp(one, code) {
  await one.at("/counter");
  await one.page.fill("#code", code);
  await one.page.click("#continue");
  await one.page.waitForURL(/\/counter\/[0-9a-f-]{36}$/);
}

/** Signs the errand that is open on the officer's page, by keyboard; leads back to it. */
export async function signErrand(one, name) {
  await one.page.click("#continue");
  await one.page.waitForURL("**/sign");
  if (name) await one.look(name);
  await one.tabTo("#continue");
  await one.page.keyboard.press("Enter");
  await one.page.waitForSelector("#signed");
}

/** The code a page shows, as people read it. */
export async function shownCode(visitor) {
  await visitor.page.waitForSelector("#code.digits");
  const code = await visitor.page.innerText("#code");
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  return code;
}

/** Closes the account, so that its card is free again. */
export async function closeAccount(visitor) {
  const { page } = visitor;
  await visitor.open("/account/close");
  await page.check("#confirm");
  await page.click("#continue");
  await page.waitForSelector("#closing-receipt");
}
