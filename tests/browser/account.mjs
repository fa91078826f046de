// What people do with an account: names, a second passkey, sessions, closing it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./demo.mjs";

/** Renames the passkey, adds one, removes it, meets the rules of the last one. */
export async function managePasskeys(visitor) {
  const { page } = visitor;
  await visitor.open("/account/authenticators");
  assert.equal(await page.locator("form[action$='/remove']").count(), 0, "the only passkey cannot be removed");
  await page.locator("details summary").first().click();
  await page.locator("input[name=name]").first().fill("My <b>phone</b> 手機");
  await page.locator("form[action$='/rename'] button").first().click();
  await page.waitForSelector("h2:has-text('My <b>phone</b> 手機')");
  await visitor.look("authenticators-renamed");

  // The same device again: it says so.
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await visitor.look("authenticators-already");

  // Another device.
  const first = visitor.authenticator;
  await visitor.changeDevice();
  await page.click("#continue");
  await page.waitForFunction(() => document.querySelectorAll("main .list > li").length === 2);
  await visitor.look("authenticators-two");

  // Removing needs the person, not only the session.
  await visitor.useDevice(first);
  await page.locator("details summary").nth(1).click();
  await visitor.canUnlock(false);
  await page.locator("main .list > li").nth(1).locator("form[action$='/remove'] button").click();
  await page.waitForSelector("#problem:visible");
  await visitor.canUnlock(true);
  await page.locator("main .list > li").nth(1).locator("form[action$='/remove'] button").click();
  await page.waitForFunction(() => document.querySelectorAll("main .list > li").length === 1);
}

/** Ten new recovery codes; kept with the visitor, the old ones are good no more. */
export async function renewCodes(visitor) {
  const { page } = visitor;
  await visitor.open("/account/codes");
  await visitor.look("account-codes");
  await page.click("#continue");
  await page.waitForSelector("#codes");
  await visitor.look("account-codes-new");
  const old = visitor.codes;
  visitor.codes = await page.locator("#codes code").allInnerTexts();
  assert.equal(new Set([...old, ...visitor.codes]).size, old.length + visitor.codes.length, "all of them are new");
}

/** Every device is lost: card number and two codes make a passkey on a new one. The old device opens nothing any more. */
export async function recover(visitor, hkid, codes) {
  const { page } = visitor;
  const lost = visitor.authenticator;
  await visitor.changeDevice();
  await page.context().clearCookies();
  await visitor.open("/signin");
  await page.click("a[href='/recover']");
  await visitor.arriveAt("/recover");
  await visitor.look("recover");
  const type = async (number, first, second) => {
    await page.fill("#hkid", number);
    await page.fill("#first", first);
    await page.fill("#second", second);
    await page.click("#continue");
  };
  await type(hkid, codes[0], codes[0]);
  await page.waitForSelector("#first-mistake");
  await visitor.look("recover-same-code");
  await type(hkid, codes[0].toLowerCase(), "0000 0000 0000");
  await page.waitForSelector("#first-mistake");
  await type(hkid, codes[0].toLowerCase(), codes[1].replaceAll("-", " "));
  await visitor.arriveAt("/recover/passkey");
  await visitor.look("recover-passkey");
  await visitor.go("/account/authenticators");
  await visitor.look("recovered");
  assert.equal(await page.locator("main .list > li").count(), 1, "only the new passkey is left");
  await visitor.open("/account/history");
  await visitor.look("history-after-recovery");
  // The lost device knows its passkey still; the account does not.
  const fresh = visitor.authenticator;
  await page.context().clearCookies();
  await visitor.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: fresh, enabled: false });
  await visitor.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: lost, enabled: true });
  await visitor.open("/signin");
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await visitor.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: lost, enabled: false });
  await visitor.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: fresh, enabled: true });
  await visitor.open("/signin");
  await visitor.go("/account");
}

/** Ends the sessions elsewhere. */
export async function manageSessions(visitor) {
  const { page } = visitor;
  await visitor.open("/account/sessions");
  await page.click("#continue");
  await page.waitForLoadState();
  assert.equal(await page.locator("main .list > li").count(), 1, "this session is left");
}

/** `lionrock verify WHAT` over a text, with the log's key. */
export function verify(what, text, key, ...more) {
  return spawnSync(program(), ["verify", what, "-", "--key", key, ...more], { input: text, encoding: "utf8" });
}

/** Closes the account; gives the receipt. */
export async function close(visitor) {
  const { page } = visitor;
  await visitor.open("/account/close");
  await page.click("#continue");
  await page.waitForSelector("#errors, #problem:visible");
  await visitor.look("close-not-confirmed");
  await visitor.open("/account/close");
  await page.check("#confirm");
  await page.click("#continue");
  await page.waitForSelector("#closing-receipt");
  await visitor.look("closed");
  await visitor.printsOnOnePage("closed");
  const receipt = JSON.parse(await page.innerText("#closing-receipt"));
  // What is printed is less, and still proves it.
  const paper = await page.textContent("#paper-receipt");
  assert.ok(paper.length < JSON.stringify(receipt).length, "cosignatures are not printed");
  for (const [name, text] of [["file", JSON.stringify(receipt)], ["paper", paper]]) {
    const said = verify("receipt", text, join(visitor.demo.data, "ledger", "vkey"));
    assert.equal(said.status, 0, `the receipt on ${name}: ${said.stdout}${said.stderr}`);
  }
  const spoilt = verify("receipt", paper.replace(/"index |index (\d)/, "index 9$1"), join(visitor.demo.data, "ledger", "vkey"));
  assert.notEqual(spoilt.status, 0, "a spoilt receipt proves nothing");
  await visitor.open("/account");
  assert.equal(visitor.path, "/signin", "nobody is signed in any more");
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await visitor.look("signin-after-closing");
  return receipt;
}

/** Puts the passkey of a registered person on the visitor's device, as if it had been made there. */
export async function holdPasskey(visitor, slug, signCount = 0) {
  const phones = JSON.parse(readFileSync(join(visitor.demo.data, "rehearsal", "phones.json"), "utf8"));
  const [passkey] = phones[slug].passkeys;
  const standard = (text) => Buffer.from(text, "base64url").toString("base64");
  await visitor.cdp.send("WebAuthn.addCredential", {
    authenticatorId: visitor.authenticator,
    credential: {
      credentialId: standard(passkey.id),
      isResidentCredential: true,
      rpId: passkey.rp_id,
      privateKey: standard(passkey.private_key),
      userHandle: standard(passkey.user_handle),
      signCount,
    },
  });
}

/** Signs in with the passkey of the device. */
export async function signIn(visitor, to = "/account") {
  await visitor.open(`/signin?next=${encodeURIComponent(to)}`);
  await visitor.go(to);
}
