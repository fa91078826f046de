// Signing: an account becomes Plus, gets a certificate, sees a document of the demo service as it is signed, signs it, and has the evidence.

import assert from "node:assert/strict";
import { pdf, show } from "./88-verify.mjs";
import { agree, chooseFace, finish, judged, showCard } from "../steps.mjs";

/** From the first page to Plus, with card and face twice. */
async function plus({ demo, browser }, slug, options) {
  const visitor = await browser.visitor(options);
  const { page } = visitor;
  await agree(visitor);
  await showCard(visitor, slug);
  await chooseFace(visitor, slug);
  await judged(visitor);
  await finish(visitor, `${slug}@example.hk`);
  await visitor.open("/account/signatures");
  await page.waitForSelector("#not-plus");
  await visitor.look("signatures-not-plus");
  await visitor.open("/account/level");
  await page.click("#continue");
  await page.waitForURL("**/account/level/proofing");
  await page.check("#agree");
  await visitor.go("/register/card");
  await showCard(visitor, slug);
  await chooseFace(visitor, slug);
  await judged(visitor, { to: "/register/shown" });
  await visitor.go("/account/level");
  await page.click("#continue");
  await page.waitForSelector("#level[data-level=plus]");
  return visitor;
}

async function close(visitor) {
  const { page } = visitor;
  await visitor.open("/account/close");
  await page.check("input[name=confirm]");
  await page.click("#continue");
  await page.waitForURL("**/account/closed*");
}

/** What the page for everybody says of the signed document, and of a copy in which one letter is another. */
async function everybodyCanCheck(browser, bytes, options) {
  const visitor = await browser.visitor(options);
  const { page } = visitor;
  await show(visitor, pdf("agreement.pdf", bytes));
  assert.equal(await page.getAttribute("#verdict", "data-indication"), "TOTAL-PASSED");
  assert.equal(await page.getAttribute("#signature-1", "data-indication"), "TOTAL-PASSED");
  await page.locator("#signature-1 details summary").click();
  await visitor.look("verify-signed");
  // One byte of what was signed, far from the signature itself.
  const spoilt = Buffer.from(bytes);
  const letter = spoilt.indexOf("stream") + 12;
  spoilt[letter] ^= 1;
  await show(visitor, pdf("spoilt.pdf", spoilt));
  assert.equal(await page.getAttribute("#verdict", "data-indication"), "TOTAL-FAILED");
  await visitor.look("verify-spoilt");
}

async function sign({ demo, browser }, slug, options, look) {
  const visitor = await plus({ demo, browser }, slug, options);
  const { page } = visitor;
  await visitor.open("/account/signatures");
  await visitor.look("signatures-empty");
  await page.click("#make");
  await page.waitForSelector("#own");
  await visitor.look("signatures-certificate");
  await visitor.open("/account/certificates");
  await page.waitForSelector("[id^=certificate-]");
  await visitor.look("certificates");

  await page.goto(`${demo.service}/`);
  await page.click("#sign");
  await page.waitForURL("**/sign/*");
  await page.waitForSelector("#page-1 img");
  // It is drawn when it is asked for.
  await page.waitForFunction(() => document.querySelector("#page-1 img").naturalWidth > 0, null, { timeout: 60_000 });
  const drawn = await page.$eval("#page-1 img", (image) => image.naturalWidth);
  assert.ok(drawn > 500, "the page of the document is a picture");
  assert.match(await page.locator("#page-1 .words").textContent(), /membership agreement/i);
  const code = await page.innerText("#check-code");
  await visitor.look("sign");
  if (look) return close(visitor);
  // The person does not unlock their device: nothing is signed.
  await visitor.canUnlock(false);
  await page.click("#sign");
  await page.waitForSelector("#problem:visible");
  await visitor.canUnlock(true);
  await page.click("#sign");
  await page.waitForURL(`${demo.service}/signed*`);
  assert.ok((await page.innerText("#signed")).includes(code), "both sides show one code");
  const file = await page.evaluate(async () => {
    const bytes = await (await fetch(document.querySelector("#document").href)).arrayBuffer();
    return Array.from(new Uint8Array(bytes));
  });
  const signed = Buffer.from(file);
  assert.equal(signed.subarray(0, 5).toString(), "%PDF-");
  assert.ok(signed.length > 5000, "it carries what proves it");
  for (const options of [{}, { language: "zh-Hant", scheme: "dark" }, { language: "zh-Hans", wide: true }]) await everybodyCanCheck(browser, signed, options);

  await visitor.open("/account/signatures");
  await page.waitForSelector("#signatures li");
  await visitor.look("signatures");
  const evidence = await page.evaluate(async () => {
    const link = document.querySelector("#signatures a[download]");
    return (await fetch(link.href)).json();
  });
  assert.equal(evidence.v, "lionrock evidence v1");

  // Saying no goes back too, and nothing is signed.
  await page.goto(`${demo.service}/`);
  await page.click("#sign");
  await page.waitForURL("**/sign/*");
  await page.click("#decline");
  await page.waitForURL(`${demo.service}/signed*`);
  await visitor.open("/account/signatures");
  assert.equal(await page.locator("#signatures li").count(), 1);
  await close(visitor);
}

export const own = true;

export const journeys = {
  "sign a document": (stage) => sign(stage, stage.demo.camera[0], {}, false),
  "sign, in traditional Chinese on a small phone": (stage) =>
    sign(stage, stage.demo.camera[1], { language: "zh-Hant", scheme: "dark" }, true),
  "sign, in simplified Chinese": (stage) => sign(stage, stage.demo.camera[2], { language: "zh-Hans", wide: true }, true),
};
