// Bad input, back buttons, double submits, second tabs, ended sessions: a clear answer, and nothing lost.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agree, chooseFace, judged, showCard } from "../steps.mjs";

const folder = mkdtempSync(join(tmpdir(), "lionrock-files-"));

function file(name, bytes) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function notAgreed({ browser }) {
  const visitor = await browser.visitor({ language: "zh-Hant" });
  await visitor.open("/register");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#errors");
  await visitor.look("notice-not-agreed");
  assert.equal(await visitor.page.evaluate(() => document.activeElement.id), "errors", "the summary has the keyboard");
  await visitor.page.click("#errors a");
  assert.equal(await visitor.page.evaluate(() => document.activeElement.id), "agree", "the summary leads to the field");
}

async function notPictures({ browser, demo }) {
  const visitor = await browser.visitor();
  const { page } = visitor;
  await agree(visitor);
  const words = await page.$eval("#capture-words", (template) => ({ ...template.dataset }));
  const status = () => page.innerText("#card-status");
  for (const [name, bytes] of [
    ["text.jpg", "this is no picture"],
    ["cut.jpg", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a])],
    ["page.png", "<html><script>alert(1)</script>"],
    ["empty.jpg", ""],
  ]) {
    await page.setInputFiles("#card-file", file(name, bytes));
    await page.waitForFunction((text) => document.getElementById("card-status").textContent === text, words.notAPicture);
    assert.equal(await page.isEnabled("#continue"), false, name);
  }
  await visitor.look("card-not-a-picture");
  await page.setInputFiles("#card-file", demo.files(demo.camera[0])["card.jpg"]);
  await page.waitForFunction((text) => document.getElementById("card-status").textContent === text, words.cardReady);
  assert.equal(await status(), words.cardReady, "a good picture afterwards is taken");
}

async function cameraRefused({ browser }) {
  const visitor = await browser.visitor();
  await visitor.context.addInitScript({
    content: "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }",
  });
  await agree(visitor);
  await visitor.page.click("#card-camera");
  const words = await visitor.page.$eval("#capture-words", (template) => ({ ...template.dataset }));
  await visitor.page.waitForFunction((text) => document.getElementById("card-status").textContent === text, words.cameraRefused);
  await visitor.look("card-camera-refused");
}

async function languageMidway({ browser }) {
  const visitor = await browser.visitor();
  await agree(visitor);
  await visitor.page.click("button[name=language][value=zh-Hans]");
  await visitor.page.waitForSelector("html[lang=zh-Hans]");
  assert.equal(visitor.path, "/register/card", "the same step in another language");
  visitor.language = "zh-Hans";
  await visitor.look("card-after-language");
  await visitor.open("/?lang=zh-Hant");
  await visitor.open("/");
  assert.equal(await visitor.page.getAttribute("html", "lang"), "zh-Hant", "a language from the address is kept");
}

async function stepsOutOfOrder({ browser }) {
  const visitor = await browser.visitor();
  for (const path of ["/register/card", "/register/face", "/register/judging", "/register/passkey", "/register/codes", "/register/email", "/register/done"]) {
    await visitor.open(path);
    assert.equal(visitor.path, "/register", `${path} without a registration begins one`);
  }
  await agree(visitor);
  for (const path of ["/register/passkey", "/register/codes", "/register/email", "/register/done"]) {
    await visitor.open(path);
    assert.equal(visitor.path, "/register/card", `${path} leads to the step that is next`);
  }
}

async function twoTabsAndBack({ browser, demo }) {
  const visitor = await browser.visitor();
  const slug = demo.camera[0];
  await agree(visitor);
  const other = await visitor.context.newPage();
  await other.goto(new URL("/register/card", demo.issuer).href);
  await showCard(visitor, slug);
  await visitor.page.goBack();
  await visitor.page.waitForSelector("#card-step:visible");
  assert.ok(await visitor.page.isVisible("#card-preview"), "the card is still there after the back button");
  await visitor.page.goForward();
  await visitor.page.waitForSelector("#face-step:visible");
  // The other tab asks for other movements: the first tab's are over, and it says so or does the right thing.
  await other.close();
  await visitor.page.reload();
  assert.equal(await visitor.page.isVisible("#card-step"), true, "pictures do not survive a reload");
}

async function twiceAgreed({ browser, demo }) {
  const visitor = await browser.visitor();
  const other = await visitor.context.newPage();
  await visitor.open("/register");
  await other.goto(new URL("/register", demo.issuer).href);
  for (const page of [visitor.page, other]) {
    await page.check("#agree");
    await Promise.all([page.waitForURL("**/register/card"), page.dblclick("#continue")]);
  }
  // The second tab's registration took the place of the first tab's: both tabs now work on one.
  await visitor.page.reload();
  assert.equal(visitor.path, "/register/card");
  await showCard(visitor, demo.camera[0]);
}

async function ended({ browser }) {
  const visitor = await browser.visitor();
  await agree(visitor);
  await visitor.context.clearCookies({ name: "__Host-registration" });
  await visitor.open("/register/card");
  assert.equal(visitor.path, "/register", "an ended registration begins anew");
  // A form whose cookie is gone.
  await visitor.page.check("#agree");
  await visitor.context.clearCookies();
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("main .facts code");
  await visitor.look("stale-form");
}

async function strangers({ browser, demo }) {
  const visitor = await browser.visitor({ wide: true });
  await visitor.open("/no/such/page");
  await visitor.look("not-found");
  await visitor.open("/account");
  assert.equal(visitor.path, "/signin");
  await visitor.look("signin-first");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#problem:visible");
  await visitor.look("signin-no-passkey");
  const registered = `client_id=nobody&request_uri=urn:x&redirect_uri=${encodeURIComponent("https://evil.example/")}`;
  await visitor.open(`/oauth/authorize?${registered}`);
  assert.ok(visitor.page.url().startsWith(demo.issuer), "nobody is sent to an unregistered address");
  await visitor.look("unknown-service");
}

async function wrongFace({ browser, demo }) {
  const visitor = await browser.visitor();
  await agree(visitor);
  await showCard(visitor, demo.camera[0]);
  await chooseFace(visitor, demo.camera[1]);
  await judged(visitor, { to: null });
  await visitor.page.waitForSelector("#receipt-heading", { timeout: 90_000 });
  await visitor.look("outcome-wrong-face");
}

async function withoutScript({ browser }) {
  const visitor = await browser.visitor({ script: false });
  await visitor.open("/");
  await visitor.page.click("#continue");
  await visitor.page.check("#agree");
  await visitor.page.click("#continue");
  assert.equal(visitor.path, "/register/card");
  assert.ok(await visitor.page.locator("main .note").isVisible(), "the page says that this step needs script");
}

export const journeys = {
  "consent is not taken for granted": notAgreed,
  "what is not a picture is told apart": notPictures,
  "a refused camera leaves another way": cameraRefused,
  "the language can change midway": languageMidway,
  "pages out of order lead to the right one": stepsOutOfOrder,
  "back button, second tab, reload": twoTabsAndBack,
  "agreeing twice, in two tabs, counts once": twiceAgreed,
  "an ended registration begins anew": ended,
  "strangers and wrong addresses get a page": strangers,
  "another person's face is not accepted": wrongFace,
  "without script the page says what it needs": withoutScript,
};
