// The whole journey by keyboard alone, in the dark, on a wide screen.

import assert from "node:assert/strict";
import { close } from "../account.mjs";
import { code, judged } from "../steps.mjs";

async function byKeyboard({ demo, browser }) {
  const slug = demo.camera[0];
  const visitor = await browser.visitor({ language: "en", scheme: "dark", wide: true, camera: slug });
  const { page } = visitor;
  const press = (key) => page.keyboard.press(key);
  const email = "keyboard@example.hk";

  await visitor.open("/");
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip", "the first stop skips to the page");
  await visitor.look("start");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/register");
  await visitor.tabTo("#agree");
  await press("Space");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/register/card");

  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), visitor.tabTo("#card-file").then(() => press("Enter"))]);
  await chooser.setFiles(demo.files(slug)["card.jpg"]);
  await page.waitForSelector("#continue:enabled");
  await visitor.look("card-chosen");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/register/face");
  assert.equal(await page.evaluate(() => document.activeElement.id), "face-heading", "the keyboard is at the new heading");
  await visitor.tabTo("#face-begin");
  await press("Enter");
  await page.waitForSelector("#continue:enabled", { timeout: 30_000 });
  await visitor.look("face-done");
  await page.focus("#continue");
  await judged(visitor);

  await visitor.look("passkey");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/register/codes");
  await visitor.look("codes");
  await visitor.tabTo("#saved");
  await press("Space");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/register/email");
  await visitor.tabTo("#email");
  await page.keyboard.type("not an address");
  await press("Enter");
  await page.waitForSelector("#errors");
  await visitor.look("email-not-usable");
  await visitor.tabTo("#email");
  await press("Control+a");
  await page.keyboard.type(email);
  await press("Enter");
  await page.waitForSelector("#code");
  await visitor.tabTo("#code");
  await page.keyboard.type("000000");
  await press("Enter");
  await page.waitForSelector("#errors");
  await visitor.look("confirm-wrong");
  await visitor.tabTo("#code");
  await page.keyboard.type(await code(visitor, email));
  await press("Enter");
  await visitor.arriveAt("/register/done");
  await visitor.look("done");
  await visitor.tabTo("#continue");
  await press("Enter");
  await visitor.arriveAt("/account");
  for (const name of ["", "/authenticators", "/sessions", "/history", "/data", "/close"]) {
    await visitor.open(`/account${name}`);
    await visitor.look(`account${name.replace("/", "-")}`);
  }
  // The card is free again for whoever comes next.
  assert.ok(await close(visitor));
}

export const own = true;

export const journeys = { "the whole journey by keyboard alone": byKeyboard };
