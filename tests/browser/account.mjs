// What people do with an account: names, a second passkey, sessions, closing it.

import assert from "node:assert/strict";

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
  await page.waitForFunction(() => document.querySelectorAll("main .list > li").length === 2 || !document.getElementById("problem").hidden);
  const told = await page.locator("#problem:visible").count();
  if (told) {
    // The new device has no passkey for the step-up yet: that one is shown by the first device.
    await visitor.useDevice(first);
  }
  return told === 0;
}

/** Ends the sessions elsewhere. */
export async function manageSessions(visitor) {
  const { page } = visitor;
  await visitor.open("/account/sessions");
  await page.click("#continue");
  await page.waitForLoadState();
  assert.equal(await page.locator("main .list > li").count(), 1, "this session is left");
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
  const receipt = JSON.parse(await page.innerText("#closing-receipt"));
  await visitor.open("/account");
  assert.equal(visitor.path, "/signin", "nobody is signed in any more");
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await visitor.look("signin-after-closing");
  return receipt;
}
