// Officers at work: a ticket that one asks for and another approves, masked values, a note; the board; broken glass.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";

/** Signs an officer in by the demo's door and brings the cookies to this browser. */
export async function officer(visitor, slug) {
  const said = await door(visitor, slug, "sign-in", {});
  const cookies = said.cookie.split("; ").map((pair) => {
    const at = pair.indexOf("=");
    return { name: pair.slice(0, at), value: pair.slice(at + 1), url: said.staff, secure: true };
  });
  await visitor.context.addCookies(cookies);
  visitor.staff = said.staff;
}

/** What the officer's software key does. The demo's authority is trusted for this, as drivers do. */
function door(visitor, slug, what, body) {
  const { service, ca } = visitor.demo;
  const options = { method: "POST", ca: readFileSync(ca), headers: { "content-type": "application/json" } };
  return new Promise((resolve, reject) => {
    const asked = request(`${service}/officer/${slug}/${what}`, options, async (answer) => {
      let text = "";
      for await (const part of answer) text += part;
      if (answer.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(`${slug}, ${what}: ${answer.statusCode} ${text}`));
    });
    asked.on("error", reject);
    asked.end(JSON.stringify(body));
  });
}

export const at = (visitor, path) => visitor.page.goto(`${visitor.staff}${path}`);

/** The page's key form, done by the officer's software key. */
export const sign = (visitor, slug) => door(visitor, slug, "approve", { page: visitor.path });

async function ticket({ demo, browser }, language, slug, options) {
  const one = await browser.visitor({ language, ...options });
  const { page } = one;
  const person = JSON.parse(readFileSync(demo.files(slug)["person.json"]));
  await officer(one, "privacy-a");
  await at(one, "/tickets");
  await one.look("staff-tickets");
  await page.click("#new");
  await one.look("staff-ticket-new");
  await page.fill("#person", "U000000(0)");
  await page.selectOption("#purpose", "access-request");
  await page.click("#continue");
  await page.waitForSelector("#case-mistake, #person-mistake, #purpose-mistake");
  await one.look("staff-ticket-new-wrong");
  await page.fill("#case", `AR-2026/${Math.floor(Math.random() * 1e6)}`);
  await page.fill("#person", person.hkid);
  await page.check("#field-english-name");
  await page.check("#field-birth");
  await page.click("#continue");
  await page.waitForURL("**/sign");
  assert.match(await page.textContent("#exact"), /fields: birth, english-name\n/);
  await one.look("staff-ticket-sign");
  const path = one.path.replace(/\/sign$/, "");
  await sign(one, "privacy-a");
  await at(one, path);
  await one.look("staff-ticket-asked");

  // The second officer, of another unit, reads the same text.
  const two = await browser.visitor({ language, ...options });
  await officer(two, "privacy-b");
  await at(two, "/tickets");
  await two.page.waitForSelector("#waiting");
  await at(two, path);
  await two.look("staff-ticket-second");
  await two.page.click("#approve");
  await two.page.waitForURL("**/approve");
  assert.equal(await two.page.textContent("#exact"), await page.textContent("#exact"));
  await two.look("staff-ticket-approve");
  await sign(two, "privacy-b");

  // Masked first; one value at a time; the page says who looks.
  await at(one, path);
  assert.equal(await page.locator(".masked").count(), 2);
  await one.look("staff-ticket-masked");
  await page.focus("#reveal-english-name");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".revealed");
  assert.equal(await page.textContent("#value-english-name .revealed"), person.english_name);
  assert.ok((await page.textContent("#watermark")).includes(path.split("/").pop()));
  assert.equal(await page.locator(".masked").count(), 1);
  await one.look("staff-ticket-shown");
  await page.click("#close");
  await page.waitForSelector("#note-mistake");
  await page.fill("#note", "Answered by letter.");
  await page.click("#close");
  await page.waitForURL("**/tickets");
  await page.waitForSelector(".state-closed");
}

async function board({ browser }, language, options) {
  const visitor = await browser.visitor({ language, ...options });
  await officer(visitor, "security-b");
  await at(visitor, "/");
  await visitor.look("staff-home-security");
  await at(visitor, "/board?still=1");
  await visitor.look("staff-board");
  await at(visitor, "/break-glass");
  await visitor.look("staff-glass");
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#reason-mistake");
  await visitor.page.selectOption("#reason", "outage");
  await visitor.page.fill("#incident", "INC-1");
  await visitor.page.click("#continue");
  await visitor.page.waitForURL("**/sign");
  await visitor.look("staff-glass-sign");
  await at(visitor, visitor.path.replace(/\/sign$/, ""));
  await visitor.look("staff-glass-one");
  await at(visitor, "/mark");
  await visitor.look("staff-mark");
}

export const journeys = {
  "a ticket by two officers, in English": (world) => ticket(world, "en", world.demo.registered[0], {}),
  "a ticket by two officers, in Traditional Chinese, wide": (world) => ticket(world, "zh-Hant", world.demo.registered[1], { wide: true }),
  "a ticket by two officers, in Simplified Chinese, dark": (world) => ticket(world, "zh-Hans", world.demo.registered[2], { scheme: "dark" }),
  "board and broken glass in English": (world) => board(world, "en", {}),
  "board and broken glass in Traditional Chinese, dark": (world) => board(world, "zh-Hant", { scheme: "dark" }),
  "board and broken glass in Simplified Chinese, wide": (world) => board(world, "zh-Hans", { wide: true }),
};
