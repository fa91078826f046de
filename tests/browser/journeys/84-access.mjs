// Who read my data: an officer reads two values under a ticket; the person sees it, opens its proof, takes the file along, and the program
// judges the file. The count of withheld entries is tested with the service: a hold needs officers with keys of their own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdPasskey, signIn } from "../account.mjs";
import { program } from "../demo.mjs";
import { at, officer, sign } from "./82-ticket.mjs";

/** One officer asks and reads, another approves. */
async function readByStaff({ demo, browser }, slug) {
  const person = JSON.parse(readFileSync(demo.files(slug)["person.json"]));
  const one = await browser.visitor({ wide: true });
  const { page } = one;
  await officer(one, "privacy-a");
  await at(one, "/tickets");
  await page.click("#new");
  await page.selectOption("#purpose", "access-request");
  await page.fill("#case", `AR-2026/${Math.floor(Math.random() * 1e6)}`);
  await page.fill("#person", person.hkid);
  await page.check("#field-english-name");
  await page.check("#field-birth");
  await page.click("#continue");
  await page.waitForURL("**/sign");
  const path = one.path.replace(/\/sign$/, "");
  await sign(one, "privacy-a");
  const two = await browser.visitor({ wide: true });
  await officer(two, "privacy-b");
  await at(two, path);
  await two.page.click("#approve");
  await two.page.waitForURL("**/approve");
  await sign(two, "privacy-b");
  await at(one, path);
  for (const field of ["english-name", "birth"]) {
    await page.click(`#reveal-${field}`);
    await page.waitForSelector(`#value-${field} .revealed`);
  }
  await page.fill("#note", "Answered by letter.");
  await page.click("#close");
  await page.waitForURL("**/tickets");
}

/** The file as the page gives it. */
async function taken(visitor) {
  const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.page.click("#continue")]);
  assert.equal(download.suggestedFilename(), "access-history.json");
  return readFileSync(await download.path());
}

function judged(demo, file, bytes) {
  writeFileSync(file, bytes);
  const log = join(demo.data, "ledger");
  return spawnSync(program(), ["verify", "access-history", file, "--key", join(log, "vkey"), "--log", log], { encoding: "utf8" });
}

async function access(all, language, number, options) {
  const { demo, browser } = all;
  const slug = demo.registered[number];
  await readByStaff(all, slug);
  const visitor = await browser.visitor({ language, ...options });
  const { page } = visitor;
  await holdPasskey(visitor, slug);
  await signIn(visitor, "/account/access");
  // Entries have their places once the log has gone on.
  await page.waitForFunction(() => document.querySelectorAll("#access li").length >= 3);
  const readings = page.locator("#access li[data-who=staff]");
  assert.ok((await readings.count()) >= 2, "the officer's readings");
  assert.doesNotMatch(await page.innerText("#access"), /Entry of type|類別為 .* 的條目|类别为 .* 的条目/, "every entry has words");
  assert.equal(await page.locator("#withheld").count(), 0);
  assert.equal(await page.locator("#access-picture .staff").count(), await readings.count(), "the picture says the same");
  await visitor.look("access");
  // By keyboard: the proof of a reading opens, the file is within reach.
  const reading = await readings.first().getAttribute("id");
  await visitor.tabTo(`#${reading} summary`);
  await page.keyboard.press("Enter");
  assert.ok(await page.locator(`#${reading} details[open]`).count());
  await visitor.look("access-proof");
  await visitor.tabTo("#continue");

  // Until the newest entry is under a signed checkpoint, the file is not offered whole: try until it is.
  const file = join(demo.data, `access-history-${language}.json`);
  let bytes = await taken(visitor);
  let said = judged(demo, file, bytes);
  for (let tries = 0; said.status !== 0 && tries < 40; tries += 1) {
    await page.waitForTimeout(250);
    bytes = await taken(visitor);
    said = judged(demo, file, bytes);
  }
  assert.equal(said.status, 0, `the file is judged: ${said.stdout}${said.stderr}`);
  const mark = await page.innerText("#mark");
  assert.ok(said.stdout.includes(mark), `the file is of this history: ${said.stdout}`);
  // Another value in it, and it proves nothing.
  const history = JSON.parse(bytes);
  const text = JSON.stringify(history);
  const at = text.indexOf("privacy");
  assert.ok(at > 0, "the file names the officer's role");
  const spoilt = judged(demo, `${file}.spoilt`, `${text.slice(0, at)}Privacy${text.slice(at + 7)}`);
  assert.notEqual(spoilt.status, 0, "a changed history is refused");
  assert.equal(judged(demo, `${file}.same`, text).status, 0, "what is only written another way is not");
  // Nobody else gets it.
  const stranger = await browser.visitor({ language });
  await stranger.open("/account/access");
  assert.equal(stranger.path, "/signin");
}

export const own = true;

export const journeys = {
  "who read my data, with proof, in English": (all) => access(all, "en", 0, {}),
  "who read my data, with proof, in Traditional Chinese, dark": (all) => access(all, "zh-Hant", 1, { scheme: "dark" }),
  "who read my data, with proof, in Simplified Chinese, wide": (all) => access(all, "zh-Hans", 2, { wide: true }),
};
