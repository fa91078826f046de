// Levels, a lost phone, getting back in by card and face, codes for other screens, guardians: the pages of residents.

import assert from "node:assert/strict";
import { holdPasskey, signIn } from "../account.mjs";
import { closeAccount, officer, shownCode, signErrand, takeUp } from "../officers.mjs";
import { agree, chooseFace, code as digits, finish, judged, showCard } from "../steps.mjs";
import { readFileSync } from "node:fs";

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
  await closeAccount(stranger);
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

const number = (demo, slug) => JSON.parse(readFileSync(demo.files(slug)["person.json"])).hkid;

/** Three times no: the page says why and shows a code; an officer takes it up, sees, signs; the person makes their passkey on their own phone. */
async function coached(world, { look = true, ...options } = {}) {
  const { demo, browser } = world;
  const slug = demo.camera[0];
  const screen = await browser.visitor(options);
  await agree(screen);
  for (let tries = 0; tries < 3; tries += 1) {
    if (tries) await screen.open("/register/card");
    await showCard(screen, "drill-wrong-check-digit");
    await chooseFace(screen, slug);
    await judged(screen, { to: null });
    await screen.page.waitForSelector("ul.reasons, #counter", { timeout: 60_000 });
  }
  await screen.page.waitForSelector("#counter");
  if (look) await screen.look("coach-counter");
  await screen.page.click("#counter");
  const code = await shownCode(screen);
  if (look) await screen.look("coach-code");

  const one = await officer(world, "counter-a", options);
  await one.at("/counter");
  if (look) await one.look("desk");
  await one.page.fill("#code", "0000-0000-0000");
  await one.page.keyboard.press("Enter");
  await one.page.waitForSelector("#code-mistake");
  if (look) await one.look("desk-wrong");
  await takeUp(one, code);
  assert.equal(await one.page.getAttribute("#step", "data-step"), "pictures");
  if (look) await one.look("desk-registration");
  // A code is good once.
  const second = await officer(world, "counter-b", options);
  await second.at("/counter");
  await second.page.fill("#code", code);
  await second.page.click("#continue");
  await second.page.waitForSelector("#code-mistake");

  await screen.page.click("#continue");
  await screen.arriveAt("/register/card");
  await showCard(screen, slug);
  await chooseFace(screen, slug);
  await judged(screen, { to: "/register/presence" });
  if (look) await screen.look("presence");
  await one.page.reload();
  assert.equal(await one.page.getAttribute("#step", "data-step"), "presence");
  if (look) await one.look("desk-ready");
  assert.ok(!(await one.page.innerText("main")).includes(number(demo, slug)), "an officer sees no data");
  await signErrand(one, look && "desk-sign");
  if (look) await one.look("desk-signed");

  // On to the person's own phone; the screen at the counter has it no more.
  await screen.page.click("#continue");
  await screen.arriveAt("/register/passkey");
  await screen.page.click("#phone");
  const onward = await shownCode(screen);
  if (look) await screen.look("phone-code");
  const phone = await browser.visitor(options);
  await phone.open("/hand-over");
  await phone.page.fill("#code", onward);
  await phone.go("/register/passkey");
  const email = `${slug}-counter@example.hk`;
  await finish(phone, email);
  await screen.open("/register/passkey");
  assert.equal(screen.path, "/register");
  return { phone, one, email, slug };
}

/** At the counter to Plus; then the phone is lost, and the help desk suspends on digits read back. */
async function counterAndHelpDesk(world) {
  const { demo } = world;
  const { phone, one, email, slug } = await coached(world);
  const { page } = phone;
  await phone.open("/account/level");
  await page.click("#counter");
  await takeUp(one, await shownCode(phone));
  await one.look("desk-upgrade");
  await one.page.fill("#hkid", number(demo, demo.registered[0]));
  await one.page.click("#continue");
  await one.page.waitForSelector("#hkid-mistake");
  await one.look("desk-differs");
  await one.page.fill("#hkid", number(demo, slug));
  await one.page.keyboard.press("Enter");
  await one.page.waitForSelector("a#continue");
  await signErrand(one, "desk-sign-upgrade");
  await phone.open("/account/level");
  assert.equal(await page.getAttribute("#level", "data-level"), "basic", "an officer alone raises nobody");
  await page.click("#continue");
  await page.waitForSelector("#level[data-level=plus]");

  // Somebody calls.
  const desk = await officer(world, "help-desk-a", {});
  await desk.at("/kill-switch");
  await desk.look("kill-switch");
  await desk.page.fill("#hkid", number(demo, slug));
  await desk.page.click("#continue");
  await desk.page.waitForSelector("section.request");
  await desk.look("kill-switch-asked");
  const typed = desk.page.locator("section.request input.digits").first();
  await typed.fill("000000");
  await typed.press("Enter");
  await desk.page.waitForSelector("p.mistake");
  await desk.look("kill-switch-wrong");
  await desk.page.locator("section.request input.digits").first().fill(await readOut(phone, email));
  await desk.page.locator("section.request button").first().click();
  await desk.page.waitForSelector("section.request a.button:not(.quiet)");
  await desk.look("kill-switch-called-back");
  await phone.open("/account");
  assert.equal(phone.path, "/account", "nothing has happened yet");
  await desk.page.click("section.request a.button");
  await desk.page.waitForSelector("#shown");
  await desk.look("kill-switch-sign");
  await desk.page.click("#continue");
  await desk.page.waitForURL("**/kill-switch");
  await phone.open("/account");
  assert.equal(phone.path, "/signin", "the session is over");
  await page.click("#continue");
  await page.waitForSelector("#problem:visible");
  await phone.look("suspended");
  await backIn(phone, slug);
}

/** The six digits of the call-back letter, once it is there. */
async function readOut(phone, email) {
  for (let tries = 0; tries < 20; tries += 1) {
    const letter = await phone.letter(email);
    if (/call-back/.test(letter)) return digits(phone, email);
    await phone.page.waitForTimeout(500);
  }
  throw new Error("no call-back letter came");
}

/** Card and face let back in; then the account is closed, and the card is free again. */
async function backIn(phone, slug) {
  await phone.newDevice("usb");
  await phone.open("/recover/proofing");
  await phone.page.check("#agree");
  await phone.go("/register/card");
  await showCard(phone, slug);
  await chooseFace(phone, slug);
  await judged(phone, { to: "/register/shown" });
  await phone.go("/recover/passkey");
  await phone.page.click("#continue");
  await phone.page.waitForURL("**/account/authenticators");
  await closeAccount(phone);
}

/** Nobody reads the digits: a second officer of another unit signs. Whether there is an account nobody learns. */
async function twoOfTheHelpDesk(world, language, options) {
  const one = await officer(world, "help-desk-a", { language, ...options });
  await one.at("/");
  await one.look("staff-home-help-desk");
  await one.at("/kill-switch");
  await one.page.fill("#hkid", "U999999(9)");
  await one.page.click("#continue");
  const quiet = "section.request a.button.quiet";
  await one.page.waitForSelector(quiet);
  await one.page.locator(quiet).first().click();
  await one.page.waitForSelector("#shown");
  const path = one.path;
  await one.look("kill-switch-second");
  await one.page.click("#continue");
  await one.page.waitForURL("**/kill-switch");
  await one.look("kill-switch-waits");
  const two = await officer(world, "help-desk-b", { language, ...options });
  await two.at("/kill-switch");
  await two.look("kill-switch-of-others");
  await two.at(path);
  await two.page.click("#continue");
  await two.page.waitForURL("**/kill-switch");
  assert.equal(await two.page.locator(`a[href='${path}']`).count(), 0, "it is done");
}

/** The counter's pages in another language. */
async function desk(world, language, options) {
  const { demo, browser } = world;
  const slug = demo.registered[language === "zh-Hant" ? 8 : 9];
  const person = await browser.visitor({ language, ...options });
  await holdPasskey(person, slug);
  await signIn(person, "/account");
  await person.open("/account/level");
  await person.page.click("#counter");
  const code = await shownCode(person);
  const one = await officer(world, "counter-a", { language, ...options });
  await one.look("staff-home-counter");
  await one.at("/counter");
  await one.look("desk");
  await takeUp(one, code);
  await one.look("desk-upgrade");
  await one.page.fill("#hkid", number(demo, slug));
  await one.page.click("#continue");
  await one.page.waitForSelector("a#continue");
  await one.look("desk-ready-upgrade");
  await signErrand(one, "desk-sign-upgrade");
  await one.look("desk-signed");
  await one.at("/counter");
  await one.look("desk-open");
}

/** Somebody of under eighteen, and a grown-up who has an account: both agree, each with card and face. Then the consent is taken back. */
async function youngAndGuardian({ demo, browser }) {
  const slug = demo.camera[0];
  const guardian = await browser.visitor();
  await agree(guardian);
  await showCard(guardian, slug);
  await chooseFace(guardian, slug);
  await judged(guardian);
  await finish(guardian, `${slug}-guardian@example.hk`);

  const young = await browser.visitor();
  await agree(young);
  await showCard(young, "drill-minor");
  await chooseFace(young, "drill-minor");
  await judged(young, { to: "/register/guardian" });
  await young.look("guardian-waits");
  await young.page.click("#code");
  const code = await shownCode(young);
  await young.look("guardian-code");

  const { page } = guardian;
  await guardian.open("/account/guardian/begin");
  await page.fill("#code", "0000-0000-0000");
  await page.check("#agree");
  await page.click("#continue");
  await page.waitForSelector("#code-mistake");
  await guardian.look("guardian-code-wrong");
  await page.fill("#code", code);
  await page.check("#agree");
  await guardian.go("/register/card");
  await showCard(guardian, slug);
  await chooseFace(guardian, slug);
  await judged(guardian, { to: "/register/shown" });
  await guardian.look("shown-guardian");
  await guardian.go("/account/guardian");
  await guardian.look("guardian-consent");
  await young.open("/register/next");
  assert.equal(young.path, "/register/guardian", "nobody has agreed yet");
  await guardian.tabTo("#continue");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !document.querySelector("form.passkey[data-result$='/consent']"));

  await young.open("/register/next");
  await young.arriveAt("/register/passkey");
  await finish(young, "young@example.hk");
  await young.open("/account/guardian");
  await young.look("guarded");
  await young.open("/account/level");
  await young.page.waitForSelector("#too-young");
  await young.look("level-too-young");

  // The consent is taken back.
  await guardian.open("/account/guardian");
  await guardian.look("guards");
  await page.click("#guards summary");
  await guardian.look("guards-withdraw");
  await page.click("#guards button.withdraw");
  await page.waitForFunction(() => !document.querySelector("#guards"));
  await guardian.look("guards-none");
  let letter = "";
  for (let tries = 0; tries < 20 && !/took their consent back/.test(letter); tries += 1) {
    if (tries) await young.page.waitForTimeout(500);
    letter = await young.letter("young@example.hk");
  }
  assert.match(letter, /took their consent back/);
  await young.open("/account");
  assert.equal(young.path, "/signin", "the young person's session is over");
  await young.page.click("#continue");
  await young.page.waitForSelector("#problem:visible");
  // Card and face alone do not open it: another guardian is asked for.
  await young.open("/recover/proofing");
  await young.page.check("#agree");
  await young.go("/register/card");
  await showCard(young, "drill-minor");
  await chooseFace(young, "drill-minor");
  await judged(young, { to: "/register/guardian" });
  await closeAccount(guardian);
}

export const own = true;

export const journeys = {
  "levels, lost phones and guardians: pages in English": (world) => pages(world, "en", world.demo.registered[5], {}),
  "levels, lost phones and guardians: pages in Traditional Chinese": (world) => pages(world, "zh-Hant", world.demo.registered[6], { wide: true }),
  "levels, lost phones and guardians: pages in Simplified Chinese, dark": (world) => pages(world, "zh-Hans", world.demo.registered[7], { scheme: "dark" }),
  "card and face again make Plus; a lost phone is suspended and its person gets back in": plusAndBack,
  "a registration goes on on another screen": otherScreen,
  "three times no, an officer, Plus at the counter, a lost phone at the help desk": counterAndHelpDesk,
  "a young person, a guardian, and the consent taken back": youngAndGuardian,
  "the counter in Traditional Chinese, dark": (world) => desk(world, "zh-Hant", { scheme: "dark" }),
  "the counter in Simplified Chinese, wide": (world) => desk(world, "zh-Hans", { wide: true }),
  "two of the help desk, in English": (world) => twoOfTheHelpDesk(world, "en", {}),
  "two of the help desk, in Traditional Chinese, wide": (world) => twoOfTheHelpDesk(world, "zh-Hant", { wide: true }),
  "two of the help desk, in Simplified Chinese, dark": (world) => twoOfTheHelpDesk(world, "zh-Hans", { scheme: "dark" }),
};
