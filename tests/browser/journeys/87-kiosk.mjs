// A kiosk: an officer signs for a device; people register on it by its camera, go on on their phones, and leave nothing.

import assert from "node:assert/strict";
import { closeAccount, officer, shownCode, signErrand, takeUp } from "../officers.mjs";
import { finish, judged, moveFace, shootCard } from "../steps.mjs";

const portrait = { width: 1080, height: 1920 };

/** A device that an officer signed for. */
async function kiosk(world, { language = "en", look = false, camera, big = false, scheme } = {}) {
  const { browser, demo } = world;
  const device = await browser.visitor({ language, camera, scheme });
  if (big) await device.page.setViewportSize(portrait);
  const { page } = device;
  await device.open("/kiosk");
  assert.equal(device.path, "/kiosk/pair", "nobody's device is a kiosk by itself");
  if (look) await device.look("kiosk-pair");
  await page.click("#continue");
  const code = await shownCode(device);
  if (look) await device.look("kiosk-pair-code");
  // It is locked from now on, but nobody signed yet.
  await device.open("/register");
  assert.equal(device.path, "/kiosk");
  await page.waitForSelector("#leave");
  const one = await officer(world, "counter-b", { language });
  await takeUp(one, code);
  if (look) await one.look("desk-kiosk");
  await signErrand(one, look && "desk-kiosk-sign");
  await device.open("/kiosk");
  await page.waitForSelector("#languages");
  assert.equal(await page.locator("#leave").count(), 0);
  assert.equal((await device.context.cookies(demo.issuer)).filter((kept) => /session|registration/.test(kept.name)).length, 0);
  return device;
}

/** Chooses the language on the first page, and to register. */
async function begin(device, look) {
  const { page } = device;
  if (look) await device.look("kiosk-start");
  await page.click(`#languages button[value='${device.language}']`);
  await device.arriveAt("/kiosk/begin");
  if (look) await device.look("kiosk-begin");
  await device.go("/register");
  if (look) await device.look("kiosk-notice");
  await page.check("#agree");
  await device.go("/register/card");
  assert.equal(await page.locator("input[type=file]").count(), 0, "camera only");
}

/** Every link and form of the page stays at the kiosk, and "Start over" is there. */
async function stays({ page }) {
  const places = await page.$$eval("a[href], form[action]", (all) => all.map((one) => one.getAttribute("href") ?? one.getAttribute("action")));
  for (const place of places) assert.match(place, /^(#|\/kiosk|\/register|\/hand-over|\/language)/, "no way out");
  assert.ok(await page.isVisible("#start-over"));
}

/** Whoever tries to leave is led back; nothing else answers. */
async function locked(device) {
  const { page } = device;
  for (const path of ["/", "/signin", "/account", "/mailbox", "/verify", "/recover", "/lost", "/register/codes", "/oauth/authorize"]) {
    await device.open(path);
    assert.equal(device.path, "/kiosk", path);
  }
  const statuses = await page.evaluate(async () => {
    const csrf = document.querySelector("meta[name=csrf]").content;
    const post = (path) => fetch(path, { method: "POST", body: "{}", headers: { "x-csrf-token": csrf, "content-type": "application/json" } });
    return [(await post("/register/passkey/options")).status, (await post("/register/passkey")).status, (await post("/kiosk/leave")).status, (await post("/kiosk/pair")).status];
  });
  assert.deepEqual(statuses, [403, 403, 403, 403], "no passkey is made here, and nobody unlocks it");
  device.complaints.splice(0);
}

/** The whole way: pictures by camera at the kiosk, a code, the passkey on the phone. */
async function register(world, options) {
  const { demo, browser } = world;
  const slug = demo.camera[0];
  const device = await kiosk(world, { ...options, camera: slug, look: true });
  const { page } = device;
  const spoken = [];
  await page.exposeFunction("heard", (detail) => spoken.push(detail));
  await device.context.addInitScript(() => document.addEventListener("lionrock:speak", (event) => {
    event.preventDefault();
    window.heard(event.detail);
  }));
  await locked(device);
  await begin(device, true);
  await stays(device);
  await shootCard(device, { look: true });
  await moveFace(device, { look: true });
  await judged(device, { to: "/register/passkey" });
  await device.look("kiosk-accepted");
  await stays(device);
  const shown = await page.innerText("main");
  assert.ok(!/U\d{6}/.test(shown), "nothing of the card is shown to the room");
  assert.equal(await page.locator("form.passkey").count(), 0);
  await device.printsOnOnePage("kiosk-receipt");
  await page.click("#continue");
  const code = await shownCode(device);
  await device.look("kiosk-code");
  await stays(device);
  assert.ok(spoken.some((one) => one.when === "now" && one.text), "movements are spoken");
  assert.ok(spoken.every((one) => one.language === device.language && !one.text.includes(code)), "the code is not spoken unasked");
  await page.click("#read-aloud");
  await page.waitForTimeout(200);
  assert.ok(spoken.some((one) => one.when === "asked" && one.text.includes([...code].join(" "))), "it is spoken when asked");

  // Ends here: nothing is left, and the back button shows nobody's page.
  await device.go("/kiosk");
  assert.equal((await device.context.cookies(demo.issuer)).filter((kept) => /session|registration|waiting|language/.test(kept.name)).length, 0);
  // That page answered a form and was not to be kept: the browser has it no more, or asks the kiosk anew.
  await page.goBack().catch(() => {});
  await page.waitForTimeout(500);
  assert.ok(!(await page.evaluate(() => document.documentElement.innerText)).includes(code), "the back button shows nobody's code");
  device.complaints.splice(0);

  // How it stands: told to whoever has the code.
  await device.open("/kiosk");
  await page.click(`#languages button[value='${device.language}']`);
  await page.click("#status");
  await device.look("kiosk-status");
  await page.fill("#code", "0000-0000-0000");
  await page.click("#continue");
  await page.waitForSelector("#code-mistake");
  await device.look("kiosk-status-wrong");
  await page.fill("#code", code);
  await page.click("#continue");
  await page.waitForSelector("#found[data-step=passkey]");
  await device.look("kiosk-status-found");
  await device.go("/kiosk");

  const phone = await browser.visitor({ language: device.language });
  await phone.open("/hand-over");
  await phone.page.fill("#code", code);
  await phone.go("/register/passkey");
  await finish(phone, `${slug}-kiosk-${device.language}@example.hk`);
  await closeAccount(phone);
}

/** Somebody walks away in the middle: a question, then everything is wiped, also for the server. */
async function walkAway(world) {
  const device = await kiosk(world, { camera: world.demo.camera[0] });
  const { page, demo } = device;
  await page.clock.install();
  await begin(device);
  const before = (await device.context.cookies(demo.issuer)).find((kept) => kept.name === "__Host-registration");
  assert.ok(before.expires - Date.now() / 1000 < 200, "it is kept for minutes");
  await page.clock.runFor(70_000);
  assert.ok(!(await page.isVisible("#idle")));
  await page.clock.runFor(8_000);
  assert.ok(await page.isVisible("#idle"), "a question first");
  await device.look("kiosk-idle");
  await page.click("#still-here");
  assert.ok(!(await page.isVisible("#idle")));
  await page.clock.runFor(80_000);
  assert.ok(await page.isVisible("#idle"));
  await Promise.all([page.waitForURL((url) => url.pathname === "/kiosk"), page.clock.runFor(15_000)]);
  await page.waitForSelector("#languages");
  const kept = await device.context.cookies(demo.issuer);
  assert.deepEqual(kept.map((one) => one.name).sort(), ["__Host-browser", "__Host-kiosk"], "nothing of a person");
  await device.open("/register/next");
  assert.equal(device.path, "/register", "the registration is nobody's here");
}

/** A device of which nobody signed is an ordinary browser again when its person says so; one that was a kiosk is not. */
async function noHarm({ browser, demo }) {
  const visitor = await browser.visitor();
  // No address makes anybody's browser a kiosk.
  for (const path of ["/?kiosk=1", "/register?kiosk", "/kiosk/pair?now=1", "/kiosk/over", "/kiosk/leave"]) {
    await visitor.open(path);
    assert.equal(await visitor.page.locator("html.kiosk").count(), 0, path);
  }
  await visitor.context.addCookies([{ name: "__Host-kiosk", value: "AAAA", url: demo.issuer, secure: true }]);
  await visitor.open("/");
  assert.equal(visitor.path, "/", "a made-up cookie is nothing");
  await visitor.context.clearCookies();
  await visitor.open("/kiosk/pair");
  await visitor.page.click("#continue");
  await shownCode(visitor);
  await visitor.open("/signin");
  assert.equal(visitor.path, "/kiosk");
  await visitor.page.click("#leave");
  await visitor.arriveAt("/");
  await visitor.open("/signin");
  assert.equal(visitor.path, "/signin");
}

export const journeys = {
  "a kiosk: register by camera, ask how it stands, end": (world) => register(world, {}),
  "a kiosk in Traditional Chinese, upright and large": (world) => register(world, { language: "zh-Hant", big: true }),
  "a kiosk in Simplified Chinese, dark": (world) => register(world, { language: "zh-Hans", scheme: "dark" }),
  "somebody walks away from a kiosk": walkAway,
  "nobody's browser becomes a kiosk by harm": noHarm,
};
