// The staff house: officers sign in with their keys, propose, decide and leave; the pages in three languages.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Puts an officer's software key into the browser's authenticator. Officers' keys count nothing, because several drivers hold a copy. */
async function hold(visitor, slug) {
  const keys = JSON.parse(readFileSync(join(visitor.demo.data, "rehearsal", "officers.json"), "utf8"));
  const [key] = keys[slug].passkeys;
  const standard = (text) => Buffer.from(text, "base64url").toString("base64");
  await visitor.cdp.send("WebAuthn.addCredential", {
    authenticatorId: visitor.authenticator,
    credential: {
      credentialId: standard(key.id),
      isResidentCredential: true,
      rpId: key.rp_id,
      privateKey: standard(key.private_key),
      userHandle: standard(key.user_handle),
      // Grows from visitor to visitor.
      signCount: Math.floor((Date.now() - 1_790_000_000_000) / 100),
    },
  });
}

const house = (demo) => JSON.parse(readFileSync(join(demo.data, "running.json"), "utf8")).staff;

async function officer({ demo, browser }, slug, options) {
  const visitor = await browser.visitor(options);
  visitor.at = (path) => visitor.page.goto(`${house(demo)}${path}`);
  await hold(visitor, slug);
  return visitor;
}

async function signIn(visitor) {
  await visitor.at("/");
  assert.equal(visitor.path, "/signin", "nobody works here before signing in");
  await visitor.go("/");
}

/** Every page of a manager, looked at, and somebody new proposed. */
async function propose(stage, slug, language, number, options) {
  const visitor = await officer(stage, slug, { language, ...options });
  const { page } = visitor;
  await visitor.at("/signin");
  await visitor.look("staff-signin");
  await visitor.at("/enrol");
  await visitor.look("staff-enrol");
  await signIn(visitor);
  await visitor.look("staff-home");
  for (const path of ["/keys", "/sessions", "/officers", "/report"]) {
    await visitor.at(path);
    await visitor.look(`staff-${path.slice(1)}`);
  }
  await visitor.at("/officers");
  await page.click("#propose");
  await page.waitForSelector("#name");
  await visitor.look("staff-propose");
  await page.fill("#name", `TEST ${number}`);
  await page.fill("#number", number);
  await page.selectOption("#role", "counter");
  await page.selectOption("#unit", "north-point");
  await page.click("#continue");
  await page.waitForSelector("#shown");
  await visitor.look("staff-propose-check");
  await page.click("details summary");
  assert.match(await page.innerText("#exact"), new RegExp(`number: ${number}\\nrole: counter`), "what is signed is shown word for word");
  await page.click("#continue");
  await page.waitForURL("**/officers/code");
  assert.match(await page.innerText("#half"), /^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/);
  assert.equal(new URL(page.url()).hash, "", "the address forgets the half at once");
  await visitor.look("staff-code");
  const half = await page.innerText("#half");
  await page.reload();
  assert.ok(await page.isVisible("#half-gone"), "a half is shown once");
  return { visitor, half };
}

async function second(stage, slug, language, number, options) {
  const visitor = await officer(stage, slug, { language, ...options });
  const { page } = visitor;
  await signIn(visitor);
  await visitor.at("/officers");
  const card = page.locator("#waiting > li", { hasText: number });
  await card.locator("a").first().click();
  await page.waitForSelector("#shown");
  await visitor.look("staff-approve");
  await page.click("#continue");
  await page.waitForURL("**/officers/code");
  return { visitor, half: await page.innerText("#half") };
}

/** Whoever is invited needs a key whose maker vouches for it: the browser's own does not do. */
async function unattested({ demo, browser }, language, first, other) {
  const visitor = await browser.visitor({ language });
  await visitor.page.goto(`${house(demo)}/enrol`);
  await visitor.page.fill("#first", first);
  await visitor.page.fill("#second", other);
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#problem:visible");
  await visitor.look("staff-enrol-refused");
  return visitor.page.innerText("#problem");
}

/** The officer ends while somebody looks at their page. */
async function end(visitor, number) {
  const { page } = visitor;
  await visitor.at("/officers");
  await page.locator("#officers a", { hasText: number }).click();
  await page.waitForSelector("#end");
  await visitor.look("staff-officer");
  await page.click("#end");
  await page.waitForSelector("#shown");
  await visitor.look("staff-end");
  await page.click("#continue");
  await page.waitForURL("**/officers");
  assert.equal(await page.locator("#officers a", { hasText: number }).count(), 0, "who ended is no officer any more");
}

async function strangers(stage) {
  const { demo } = stage;
  const auditor = await officer(stage, "auditor-a", {});
  await signIn(auditor);
  assert.equal(await auditor.page.locator("#errands a[href='/officers']").count(), 0);
  await auditor.at("/officers");
  assert.match(await auditor.page.innerText("main"), /Your role may not do this/, "an auditor sees no list of people");
  await auditor.at("/report");
  await auditor.look("staff-report-auditor");
  // Neither house has the other's pages, and neither cookie opens the other's door.
  await auditor.at("/register");
  assert.match(await auditor.page.title(), /not|found|no/i);
  await auditor.page.goto(new URL("/account", demo.issuer).href);
  assert.equal(auditor.path, "/signin", "an officer is nobody on the residents' site");
}

/** One proposes, another approves, a key nobody vouches for is refused, and one is enough to end it. */
async function comesAndGoes(world) {
  const number = `E-${stamp()}`;
  const one = await propose(world, "manager-a", "en", number, {});
  const other = await second(world, "manager-b", "zh-Hant", number, {});
  const told = await unattested(world, "en", one.half, other.half);
  assert.match(told, /maker of this key does not vouch|model is not on the list/);
  await end(one.visitor, number);
}

const stamp = () => Date.now().toString().slice(-6);

export const journeys = {
  "an officer comes by two others, and leaves": comesAndGoes,
  "the staff house in Traditional Chinese, dark": (world) => propose(world, "manager-a", "zh-Hant", `H-${stamp()}`, { scheme: "dark" }),
  "the staff house in Simplified Chinese, wide": (world) => propose(world, "manager-b", "zh-Hans", `S-${stamp()}`, { wide: true }),
  "auditors and the two houses apart": strangers,
};
