// Signing: an account becomes Plus, gets a certificate, sees a document of the demo service as it is signed, signs it, and has the evidence.

import assert from "node:assert/strict";
import { agree, chooseFace, finish, judged, showCard } from "../steps.mjs";

/** From the first page to Plus, with card and face twice. */
async function plus({ demo, browser }, options) {
  const visitor = await browser.visitor(options);
  const { page } = visitor;
  const slug = demo.camera[0];
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

async function sign({ demo, browser }, options, look) {
  const visitor = await plus({ demo, browser }, options);
  const { page } = visitor;
  await visitor.open("/account/signatures");
  await visitor.look("signatures-empty");
  await page.click("#make");
  await page.waitForSelector("#own");
  await visitor.look("signatures-certificate");

  await page.goto(`${demo.service}/`);
  await page.click("#sign");
  await page.waitForURL("**/sign/*");
  await page.waitForSelector("#page-1 img");
  // It is drawn when it is asked for.
  await page.waitForFunction(() => document.querySelector("#page-1 img").complete);
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
    return { start: new TextDecoder().decode(bytes.slice(0, 5)), length: bytes.byteLength };
  });
  assert.equal(file.start, "%PDF-");
  assert.ok(file.length > 5000, "it carries what proves it");

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

export const journeys = {
  "sign a document": (stage) => sign(stage, {}, false),
  "sign, in traditional Chinese on a small phone": (stage) =>
    sign(stage, { language: "zh-Hant", viewport: { width: 360, height: 740 } }, true),
  "sign, in simplified Chinese": (stage) => sign(stage, { language: "zh-Hans" }, true),
};
