// Levels, a lost phone, getting back in by card and face, codes for other screens, guardians: the pages of residents.

import assert from "node:assert/strict";
import { holdPasskey, signIn } from "../account.mjs";
import { agree, chooseFace, finish, judged, showCard } from "../steps.mjs";

/** The pages nobody needs an account for, and those of an account, looked at in each language. */
async function pages({ demo, browser }, language, slug, options) {
  const visitor = await browser.visitor({ language, ...options });
  for (const [path, name] of [["/lost", "lost"], ["/recover/proofing", "recover-proofing"], ["/hand-over", "hand-over"]]) {
    await visitor.open(path);
    await visitor.look(name);
  }
  // Wrong in each form: it says so beside the field, and changes nothing.
  await visitor.open("/hand-over");
  await visitor.page.fill("#code", "0000-0000-0000");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#code-mistake");
  await visitor.look("hand-over-wrong");
  await visitor.open("/lost");
  await visitor.page.fill("#hkid", "U000000(0)");
  await visitor.page.fill("#code", "0000-0000-0000");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#code-mistake");
  await visitor.look("lost-wrong");
  await visitor.open("/recover/proofing");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#agree-mistake");
  await holdPasskey(visitor, slug);
  await signIn(visitor, "/account");
  for (const path of ["/account/level", "/account/level/proofing", "/account/lost", "/account/guardian", "/account/guardian/begin"]) {
    await visitor.open(path);
    await visitor.look(path.slice(1).replaceAll("/", "-"));
  }
  await visitor.open("/account/level");
  assert.equal(await visitor.page.getAttribute("#level", "data-level"), "basic");
  await visitor.page.click("#counter");
  await visitor.page.waitForSelector("#code");
  assert.match(await visitor.page.innerText("#code"), /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await visitor.look("level-counter-code");
}

/** From the first page to Plus, with card and face again; then the phone is lost, and card and face let back in. */
async function plusAndBack({ demo, browser }) {
  const visitor = await browser.visitor();
  const { page } = visitor;
  const slug = demo.camera[0];
  await agree(visitor);
  await showCard(visitor, slug);
  await chooseFace(visitor, slug);
  await judged(visitor);
  const codes = await finish(visitor, `${slug}@example.hk`);
  await visitor.open("/account/level");
  await page.click("#continue");
  await page.waitForURL("**/account/level/proofing");
  await page.check("#agree");
  await visitor.go("/register/card");
  await showCard(visitor, slug);
  await chooseFace(visitor, slug);
  await judged(visitor, { to: "/register/shown" });
  await visitor.look("shown-upgrade");
  await visitor.go("/account/level");
  await visitor.look("level-evidence");
  await page.click("#continue");
  await page.waitForSelector("#level[data-level=plus]");
  await visitor.look("level-plus");
  // The phone is lost: one code suspends everything.
  await visitor.open("/account/data?show=all");
  const [number] = (await page.innerText("main")).match(/U\d{6}\([0-9A]\)/) ?? assert.fail("the card number is shown to its owner");
  const stranger = await browser.visitor();
  await stranger.open("/lost");
  await stranger.page.fill("#hkid", number);
  await stranger.page.fill("#code", codes[0]);
  await stranger.page.click("#continue");
  await stranger.page.waitForSelector("#done");
  await stranger.look("lost-done");
  await visitor.open("/account");
  assert.equal(visitor.path, "/signin", "the session is over");
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  // Card and face let back in, on another device; then it waits three days.
  await stranger.open("/recover/proofing");
  await stranger.page.check("#agree");
  await stranger.go("/register/card");
  await showCard(stranger, slug);
  await chooseFace(stranger, slug);
  await judged(stranger, { to: "/register/shown" });
  await stranger.look("shown-recover");
  await stranger.go("/recover/passkey");
  await stranger.page.click("#continue");
  await stranger.page.waitForURL("**/account/authenticators");
}

/** A registration goes on on another screen, and the first one has it no more. */
async function otherScreen({ demo, browser }) {
  const first = await browser.visitor();
  await agree(first);
  await first.open("/register/card");
  const code = await first.page.evaluate(async () => {
    const csrf = document.querySelector("meta[name=csrf]").content;
    const answer = await fetch("/register/phone", { method: "POST", body: new URLSearchParams({ csrf }), headers: { accept: "text/html" } });
    const text = await answer.text();
    return text.match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/)[0];
  });
  const second = await browser.visitor();
  await second.open("/hand-over");
  await second.page.fill("#code", code);
  await second.go("/register/card");
  await first.open("/register/card");
  assert.equal(first.path, "/register", "the first screen begins anew");
}

export const journeys = {
  "levels, lost phones and guardians: pages in English": (world) => pages(world, "en", world.demo.registered[5], {}),
  "levels, lost phones and guardians: pages in Traditional Chinese": (world) => pages(world, "zh-Hant", world.demo.registered[6], { wide: true }),
  "levels, lost phones and guardians: pages in Simplified Chinese, dark": (world) => pages(world, "zh-Hans", world.demo.registered[7], { scheme: "dark" }),
  "card and face again make Plus; a lost phone is suspended and its person gets back in": plusAndBack,
  "a registration goes on on another screen": otherScreen,
};
