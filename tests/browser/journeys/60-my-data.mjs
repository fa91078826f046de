// The resident's side: what is kept, the copy of it, corrections, another e-mail address, approvals taken back, and the way through
// registration back to a waiting service.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { close, holdPasskey, signIn } from "../account.mjs";
import { agree, chooseFace, code, finish, judged, showCard } from "../steps.mjs";
import { logInAtService } from "./10-register.mjs";

const schema = JSON.parse(readFileSync(new URL("../../../docs/formats/export.schema.json", import.meta.url), "utf8"));
const ajv = new Ajv({ allErrors: true });
formats(ajv);
const conforms = ajv.compile(schema);

/** A person registered beforehand, signed in, on a page of the account. */
async function at({ demo, browser }, number, page, options = {}) {
  const visitor = await browser.visitor(options);
  await holdPasskey(visitor, demo.registered[number]);
  await signIn(visitor, page);
  return visitor;
}

/** Takes the copy; the file and what it is called. */
async function copy(visitor) {
  const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.page.click("#continue")]);
  return { name: download.suggestedFilename(), file: JSON.parse(readFileSync(await download.path(), "utf8")) };
}

/** The page by keyboard, the number on demand, the copy as a file that fits its schema. */
async function kept(all, language, number, options) {
  const visitor = await at(all, number, "/account/data", { language, ...options });
  const { page } = visitor;
  assert.ok(!/U\d{6}/.test(await page.content()), "the card number is not even in the page's source");
  await visitor.tabTo("#show");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account/data?show=all");
  await visitor.look("data-shown");
  assert.match(await page.innerText("main"), /U\d{6}\([0-9A]\)/);
  await page.click("#hide");
  await page.waitForURL((url) => url.pathname === "/account/data" && !url.search);
  assert.ok(!/U\d{6}/.test(await page.content()), "hidden again");
  const words = await page.getAttribute("form[data-stays]", "data-stays");
  const { name, file } = await copy(visitor);
  assert.match(name, /^my-data-\d{4}-\d{2}-\d{2}\.json$/);
  assert.ok(conforms(file), JSON.stringify(conforms.errors, null, 1));
  assert.equal(file.issuer, all.demo.issuer);
  assert.match(file.card.hkid, /^U\d{6}\([0-9A]\)$/);
  assert.ok(file.ledger.some((entry) => entry.kind === "data.exported"), "the copy is in its own ledger");
  await page.waitForFunction((text) => document.querySelector("form[data-stays] .working").textContent === text, words);
  await visitor.look("data-copied");
  // The button is ready again, and the schema is not so wide that anything fits it.
  const again = await copy(visitor);
  assert.equal(again.file.account.id, file.account.id);
  for (const spoil of [(f) => delete f.card, (f) => (f.card.hkid = "U123"), (f) => (f.secret = 1), (f) => (f.made = "yesterday")]) {
    const spoilt = structuredClone(file);
    spoil(spoilt);
    assert.equal(conforms(spoilt), false, String(spoil));
  }
  const headers = await page.evaluate(async () => {
    const body = new URLSearchParams({ csrf: document.querySelector("meta[name=csrf]").content });
    const answer = await fetch("/account/data/export", { method: "POST", body });
    return ["cache-control", "content-disposition", "content-type", "x-content-type-options"].map((name) => answer.headers.get(name));
  });
  assert.deepEqual([headers[0], headers[2], headers[3]], ["no-store", "application/json", "nosniff"]);
  assert.match(headers[1], /^attachment; filename="my-data-/);
  assert.match(await visitor.letter(file.contact.email), /A file of your data was made|你的資料已製成檔案|您的信息已制成文件/);
}

/** Nobody's session, and a page read without any script. */
async function withoutScript(all) {
  const visitor = await at(all, 8, "/account/data");
  const reader = await all.browser.visitor({ script: false });
  await reader.context.addCookies(await visitor.context.cookies());
  for (const page of ["data", "consents", "corrections", "email"]) {
    await reader.open(`/account/${page}`);
    assert.equal(reader.path, `/account/${page}`);
    assert.ok((await reader.page.locator("h1").innerText()).length > 0);
  }
  await reader.open("/account/data");
  assert.ok((await reader.page.locator(".hold").count()) >= 12, "every group is there");
  // Asking for the number without a proof of presence that a script would bring: just signed in, it is one.
  await reader.page.click("#show");
  await reader.page.waitForURL("**/account/data?show=all");
  // A request for correction needs no script at all.
  await reader.open("/account/corrections");
  await reader.page.selectOption("#field", "card-issued");
  await reader.page.fill("#should", "2020-01-02");
  await reader.page.click("#continue");
  await reader.page.waitForSelector("main .list > li");
  await reader.page.click("form[action$='/withdraw'] button");
  await reader.page.waitForSelector(".state-withdrawn");
}

/** A request, its mistakes, its dates, and taking it back. */
async function correction(all, language, number, options) {
  const visitor = await at(all, number, "/account/corrections", { language, ...options });
  const { page } = visitor;
  await page.click("#continue");
  await page.waitForSelector("#errors");
  await visitor.look("corrections-empty");
  await page.click("#errors a");
  assert.equal(await page.evaluate(() => document.activeElement.id), "field");
  await page.selectOption("#field", "birth");
  await page.fill("#should", "x".repeat(120));
  await page.fill("#why", "See my <b>birth certificate</b>.\nPage 2");
  await page.click("#continue");
  await page.waitForSelector("main .list > li");
  await visitor.look("corrections-one");
  const told = await page.innerText("main .list > li");
  assert.ok(told.includes("<b>birth certificate</b>"), "what was written is shown as written");
  assert.ok(/20\d\d/.test(told));
  await page.selectOption("#field", "birth");
  await page.fill("#should", "1990-02-04");
  await page.click("#continue");
  await page.waitForSelector("#errors");
  assert.equal(await page.inputValue("#should"), "1990-02-04", "what was typed is not lost");
  await visitor.open("/account/data");
  assert.equal(await page.locator("#corrections .lines li").count(), 1);
  await visitor.open("/account/corrections");
  await page.click("form[action$='/withdraw'] button");
  await page.waitForSelector(".state-withdrawn");
  await visitor.look("corrections-withdrawn");
  assert.equal(await page.locator("form[action$='/withdraw']").count(), 0);
  await visitor.open("/account/history");
  await visitor.look("history-after-correction");
}

/** Another address: the passkey, the digits, the letter to the old one. */
async function address(all) {
  const visitor = await at(all, 7, "/account/email", { language: "zh-Hant" });
  const { page } = visitor;
  const old = (await page.innerText("dl.facts dd")).trim();
  const fresh = `new-${Date.now()}@example.hk`;
  await page.fill("#email", "not an address");
  await page.click("#continue");
  await page.waitForSelector("#errors");
  await visitor.look("contact-wrong");
  // Only the session is not enough: the device must know who holds it.
  await page.fill("#email", fresh);
  await visitor.canUnlock(false);
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await visitor.canUnlock(true);
  await page.click("#continue");
  await page.waitForSelector("#code");
  await visitor.look("contact-confirm");
  const digits = await code(visitor, fresh);
  await page.fill("#code", digits === "000000" ? "000001" : "000000");
  await page.click("#continue");
  await page.waitForSelector("#errors");
  await visitor.open("/account/data");
  assert.ok((await page.innerText("#hold-contact")).includes(old), "until then nothing changes");
  await visitor.open("/account/email");
  await page.fill("#code", `${digits.slice(0, 3)} ${digits.slice(3)}`);
  await page.click("#continue");
  await page.waitForURL((url) => url.pathname === "/account/data");
  assert.ok((await page.innerText("#hold-contact")).includes(fresh));
  // An earlier letter may still be the newest one for a moment.
  let told = "";
  for (let tries = 0; tries < 20 && !told.includes("電郵地址已更改"); tries += 1) told = await visitor.letter(old);
  assert.ok(told.includes("電郵地址已更改") && !told.includes(fresh), "the old address hears of it, and not which the new one is");
}

/** What was approved is taken back, and the service has to ask again. */
async function takeBack(all) {
  const { demo } = all;
  const visitor = await at(all, 8, "/account/consents");
  const { page } = visitor;
  await visitor.look("consents-none");
  await logInAtService(visitor, "#login-profile");
  await visitor.open("/account/consents");
  await visitor.look("consents-one");
  assert.equal(await page.locator("main .list > li").count(), 1);
  await visitor.open("/account/data");
  await visitor.look("data-after-release");
  assert.equal(await page.locator("#received .list > li").count(), 1, "who received what is told");
  await visitor.open("/account/consents");
  await page.click("form[action$='/end'] button");
  await page.waitForSelector("main .empty");
  await visitor.look("consents-ended");
  await page.goto(demo.service);
  await page.click("#login-profile");
  await visitor.arriveAt("/oauth/consent");
  assert.ok((await page.locator("input[name=fields]").count()) > 0, "it asks for every value again");
  await page.click("#decline");
  await page.waitForURL((url) => url.href.startsWith(demo.service));
}

/** Somebody without an account comes from a service, registers, and is led back to it. */
async function backToService(all) {
  const { demo, browser } = all;
  const slug = demo.camera[0];
  const visitor = await browser.visitor({ language: "en" });
  const { page } = visitor;
  await page.goto(demo.service);
  const name = await page.innerText("h1");
  await page.click("#login-profile");
  await page.waitForURL((url) => url.pathname === "/signin");
  assert.ok((await page.innerText("main")).includes(name), "the sign-in page says who waits");
  await visitor.look("signin-somebody-waits");
  await page.click("#new");
  await visitor.arriveAt("/register");
  await page.check("#agree");
  await visitor.go("/register/card");
  await showCard(visitor, slug);
  await chooseFace(visitor, slug);
  await judged(visitor);
  await finish(visitor, `${slug}-back@example.hk`);
  const onward = await page.innerText("#continue");
  assert.ok(onward.includes(name), `the closing page names the service: ${onward}`);
  await visitor.look("done-service-waits");
  await page.click("#continue");
  await visitor.arriveAt("/oauth/consent");
  await page.click("#continue");
  await page.waitForURL((url) => url.href.startsWith(demo.service));
  assert.ok((await page.innerText("main")).includes(`${slug}-back@example.hk`));
  // The pictures' receipt, from the page of what is kept; the notice, word for word.
  await visitor.open("/account/data");
  await visitor.look("data-after-registration");
  assert.equal(await page.locator("#destroyed .list > li").count(), 1);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#destroyed a[download]")]);
  assert.equal(JSON.parse(readFileSync(await saved.path(), "utf8")).format, "lionrock receipt v1");
  await page.click("a[href='/account/data/notice']");
  await visitor.arriveAt("/account/data/notice");
  await visitor.look("notice-agreed");
  await visitor.open("/account/data");
  const { file } = await copy(visitor);
  assert.ok(conforms(file), JSON.stringify(conforms.errors, null, 1));
  assert.ok(file.notice.text.length > 500 && file.custodies[0].receipt.length > 100);
  // Without anybody waiting, registration ends in the account.
  assert.ok(await close(visitor));
}

export const own = true;

export const journeys = {
  "what is kept, the number on demand, the copy, in English": (all) => kept(all, "en", 5, {}),
  "what is kept, the number on demand, the copy, in Traditional Chinese, in the dark": (all) => kept(all, "zh-Hant", 6, { scheme: "dark" }),
  "what is kept, the number on demand, the copy, in Simplified Chinese, wide": (all) => kept(all, "zh-Hans", 7, { wide: true }),
  "what is kept can be read and corrected without script": withoutScript,
  "a correction is asked for and taken back, in English": (all) => correction(all, "en", 5, {}),
  "a correction is asked for and taken back, in Traditional Chinese": (all) => correction(all, "zh-Hant", 6, {}),
  "a correction is asked for and taken back, in Simplified Chinese, wide": (all) => correction(all, "zh-Hans", 7, { wide: true }),
  "another e-mail address counts when its code comes back": address,
  "an approval taken back has to be asked for again": takeBack,
  "registering on the way to a service leads back to it": backToService,
};
