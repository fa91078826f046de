// Registration by file and by camera, in three languages, and signing in at the demo online service.

import assert from "node:assert/strict";
import { close, managePasskeys, manageSessions, recover, renewCodes } from "../account.mjs";
import { agree, chooseFace, finish, judged, moveFace, shootCard, showCard } from "../steps.mjs";

/** The receipt as the page saves it. */
function receipt(visitor) {
  return visitor.page.evaluate(async () => {
    const response = await fetch("/register/receipt.json");
    return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
  });
}

/** Logs in at the demo service and gives what it received. `decide`: what to do on the consent page. */
export async function logInAtService(visitor, button, { look = false, before = async () => {} } = {}) {
  const { page, demo } = visitor;
  await page.goto(demo.service);
  await page.click(button);
  await page.waitForURL((url) => url.href.startsWith(demo.issuer));
  if (visitor.path === "/signin") {
    if (look) await visitor.look("signin-for-service");
    await page.click("#continue");
    await visitor.arriveAt("/oauth/consent");
  }
  if (look) await visitor.look(`consent${button.replace("#", "-")}`);
  await before();
  await page.click("#continue");
  await page.waitForURL((url) => url.href.startsWith(demo.service));
  return page.innerText("main");
}

async function whole({ demo, browser }, language, slug, way) {
  const visitor = await browser.visitor({ language, camera: way === "camera" ? slug : undefined });
  const seen = { look: true };
  await agree(visitor, seen);
  if (way === "camera") {
    await shootCard(visitor, seen);
    await moveFace(visitor, seen);
  } else {
    await showCard(visitor, slug, seen);
    await chooseFace(visitor, slug, seen);
  }
  await judged(visitor, seen);
  visitor.codes = await finish(visitor, `${slug}@example.hk`, seen);
  const saved = await receipt(visitor);
  assert.deepEqual([saved.status, saved.type], [200, "application/json"]);

  await visitor.go("/account");
  await visitor.look("account");
  for (const name of ["authenticators", "sessions", "history", "data", "close"]) {
    await visitor.open(`/account/${name}`);
    await visitor.look(`account-${name}`);
  }
  await visitor.open("/account/data");
  const data = await visitor.page.innerText("main");
  assert.doesNotMatch(data, /U\d{6}/, "the card number stays shut until it is asked for");
  await visitor.page.click("#show");
  await visitor.page.waitForURL("**/account/data?show=all");
  [visitor.number] = (await visitor.page.innerText("main")).match(/U\d{6}\([0-9A]\)/) ?? assert.fail("the card number is among the data");
  assert.ok(data.includes(`${slug}@example.hk`));

  const received = await logInAtService(visitor, "#login-profile", seen);
  assert.ok(received.includes(`${slug}@example.hk`), "the service received what was approved");
  await visitor.open("/account/history");
  await visitor.look("history-after-release");

  await visitor.page.locator("footer form button").click();
  await visitor.page.waitForURL((url) => !url.pathname.startsWith("/account"));
  await visitor.open("/account");
  assert.equal(visitor.path, "/signin", "signed out");
  await visitor.look("signin");
  await visitor.go("/account");
  return visitor;
}

/** The whole life of an account; the card is free again afterwards. */
async function life(all) {
  const visitor = await whole(all, "en", all.demo.camera[0], "file");
  await managePasskeys(visitor);
  await manageSessions(visitor);
  await renewCodes(visitor);
  await recover(visitor, visitor.number, visitor.codes);
  assert.ok(await close(visitor));
}

export const own = true;

export const journeys = {
  "register by file, log in, manage, recover and close the account, in English": life,
  "register by camera, log in at the service, in Traditional Chinese": (all) => whole(all, "zh-Hant", all.demo.camera[1], "camera"),
  "register by camera, log in at the service, in Simplified Chinese": (all) => whole(all, "zh-Hans", all.demo.camera[2], "camera"),
};
