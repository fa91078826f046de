// Signing in and the account, by people registered beforehand: every page in three languages, and devices that misbehave.

import assert from "node:assert/strict";
import { holdPasskey, signIn } from "../account.mjs";

const PAGES = ["", "/authenticators", "/sessions", "/certificates", "/history", "/data", "/consents", "/corrections", "/email", "/close"];

async function refused(visitor) {
  await visitor.page.waitForSelector("#problem:visible");
  return visitor.page.innerText("#problem");
}

/** Every page of the account, looked at. */
async function pages({ demo, browser }, language, slug, options) {
  const visitor = await browser.visitor({ language, ...options });
  await holdPasskey(visitor, slug);
  await visitor.open("/account/data");
  assert.equal(visitor.path, "/signin", "nobody sees anything before signing in");
  await visitor.look("account-signin");
  await visitor.go("/account/data");
  for (const page of PAGES) {
    await visitor.open(`/account${page}`);
    await visitor.look(`account${page.replace("/", "-")}`);
  }
  await visitor.open("/account/data");
  assert.ok(!/U\d{6}/.test(await visitor.page.content()), "the card number stays shut until it is asked for");
  await visitor.page.click("#show");
  await visitor.page.waitForURL("**/account/data?show=all");
  assert.ok(/U\d{6}\([0-9A]\)/.test(await visitor.page.innerText("main")), "the stored number is shown to its owner");
  await visitor.look("account-data-shown");
}

/** Renames, adds with another device, signs in with it, removes the first. */
async function twoDevices({ demo, browser }) {
  const visitor = await browser.visitor();
  const { page } = visitor;
  const slug = demo.registered[3];
  await holdPasskey(visitor, slug);
  await signIn(visitor, "/account/authenticators");
  await visitor.changeDevice();
  await page.click("#continue");
  await page.waitForFunction(() => document.querySelectorAll("main .list > li").length === 2);
  await visitor.look("account-two-passkeys");
  const card = page.locator("main .list > li").first();
  await card.locator("summary").click();
  await card.locator("form[action$='/remove'] button").click();
  await page.waitForURL("**/signin?next=**");
  // The session of the removed passkey is over; the second passkey opens the account.
  await visitor.go("/account/authenticators");
  assert.equal(await page.locator("main .list > li").count(), 1);
  assert.equal(await page.locator("form[action$='/remove']").count(), 0, "the last one stays");
}

/** Devices that lie, or cannot tell who holds them. */
async function misbehaving({ demo, browser }) {
  const visitor = await browser.visitor();
  const slug = demo.registered[4];
  await holdPasskey(visitor, slug);
  const told = async (bits) => {
    await visitor.cdp.send("WebAuthn.setResponseOverrideBits", { authenticatorId: visitor.authenticator, ...bits });
    await visitor.open("/signin");
    await visitor.page.click("#continue");
    return refused(visitor);
  };
  assert.match(await told({ isBogusSignature: true }), /could not be accepted/);
  assert.match(await told({ isBogusSignature: false, isBadUV: true }), /did not ask for your fingerprint|could not be accepted|was not used/);
  assert.match(await told({ isBadUV: false, isBadUP: true }), /could not be accepted|was not used/);
  await visitor.cdp.send("WebAuthn.setResponseOverrideBits", { authenticatorId: visitor.authenticator });
  await visitor.canUnlock(false);
  await visitor.open("/signin");
  await visitor.page.click("#continue");
  assert.match(await refused(visitor), /was not used/);
  await visitor.canUnlock(true);
  await signIn(visitor);
  await visitor.open("/account/history");
  const history = await visitor.page.innerText("main");
  assert.match(history, /A sign-in with your passkey was refused/);
}

/** A copy of a passkey whose counter stands behind. */
async function copied({ demo, browser }) {
  const slug = demo.registered[5];
  const owner = await browser.visitor();
  await holdPasskey(owner, slug, 100);
  await signIn(owner);
  const thief = await browser.visitor();
  await holdPasskey(thief, slug, 1);
  await signIn(thief);
  await owner.open("/account/authenticators");
  assert.match(await owner.page.innerText("main"), /It may have been copied/);
  await owner.look("account-passkey-alarm");
  await owner.open("/account/history");
  assert.match(await owner.page.innerText("main"), /counted backwards/);
  await owner.open("/account/sessions");
  await owner.page.click("#continue");
  await owner.page.waitForLoadState();
  await thief.open("/account");
  assert.equal(thief.path, "/signin", "the session of the copy was ended");
}

export const journeys = {
  "every page of the account, in English": (all) => pages(all, "en", all.demo.registered[0], {}),
  "every page of the account, in Traditional Chinese, in the dark": (all) => pages(all, "zh-Hant", all.demo.registered[1], { scheme: "dark" }),
  "every page of the account, in Simplified Chinese, wide": (all) => pages(all, "zh-Hans", all.demo.registered[2], { wide: true }),
  "a second device takes over from the first": twoDevices,
  "devices that misbehave are refused": misbehaving,
  "a copied passkey is noticed": copied,
};
