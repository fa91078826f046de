// The steps of the main journey, as people take them. Each leaves the visitor on the next page.

import assert from "node:assert/strict";

/** Start page to card page. */
export async function agree(visitor, { look = false } = {}) {
  const { page } = visitor;
  await visitor.open("/");
  if (look) await visitor.look("start");
  await visitor.go("/register");
  if (look) await visitor.look("notice");
  await page.check("#agree");
  await visitor.go("/register/card");
}

/** The card from a file. */
export async function showCard(visitor, slug, { look = false } = {}) {
  const { page, demo } = visitor;
  if (look) await visitor.look("card");
  await page.setInputFiles("#card-file", demo.files(slug)["card.jpg"]);
  await page.waitForSelector("#continue:enabled");
  if (look) await visitor.look("card-chosen");
  await page.click("#continue");
  await page.waitForURL("**/register/face");
}

/** The card by the camera. */
export async function shootCard(visitor, { look = false } = {}) {
  const { page } = visitor;
  await page.click("#card-camera");
  await page.waitForFunction(() => document.getElementById("card-video").videoWidth > 0);
  await page.waitForTimeout(400);
  if (look) await visitor.look("card-camera");
  await page.click("#card-shoot");
  await page.waitForSelector("#continue:enabled");
  await page.click("#continue");
  await page.waitForURL("**/register/face");
}

/** The movements from files: the page names them, and the pictures are chosen in that order. */
export async function chooseFace(visitor, slug, { look = false, click = (page) => page.click("label[for=face-files]") } = {}) {
  const { page, demo } = visitor;
  if (look) await visitor.look("face");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), click(page)]);
  const said = await page.innerText("#face-instruction");
  const words = await page.$eval("#capture-words", (template) => ({ ...template.dataset }));
  const files = demo.files(slug);
  const chosen = said.split(" → ").flatMap((sentence) => {
    const key = ["turnLeft", "turnRight", "lookUp", "lookDown", "comeCloser"].find((name) => words[name] === sentence);
    const stem = key ? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) : "face";
    return Object.keys(files).filter((name) => (key ? name.startsWith(`${stem}-`) : name === "face.jpg")).sort().map((name) => files[name]);
  });
  assert.ok(chosen.length >= 7, `pictures for: ${said}`);
  await chooser.setFiles(chosen);
  await page.waitForSelector("#continue:enabled");
  if (look) await visitor.look("face-chosen");
}

/** The movements before the camera. */
export async function moveFace(visitor, { look = false } = {}) {
  const { page } = visitor;
  if (look) await visitor.look("face");
  await page.click("#face-begin");
  await page.waitForFunction(() => document.getElementById("face-instruction").textContent !== "");
  if (look) await visitor.look("face-camera");
  await page.waitForSelector("#continue:enabled", { timeout: 30_000 });
}

/** Sending and judging, up to what comes next. */
export async function judged(visitor, { look = false, to = "/register/passkey" } = {}) {
  const { page } = visitor;
  await page.click("#continue");
  await visitor.arriveAt(/\/register\/(judging|passkey)/, 60_000);
  if (look && visitor.path === "/register/judging" && (await page.locator("#stages").count())) await visitor.look("judging");
  if (!to) return;
  await page.waitForURL((url) => url.pathname === to, { timeout: 30_000 }).catch(async (error) => {
    throw new Error(`${to} did not come; the page says: ${await page.innerText("main")}`, { cause: error });
  });
}

/** Passkey, codes, e-mail, receipt; gives the recovery codes. */
export async function finish(visitor, email, { look = false } = {}) {
  const { page } = visitor;
  if (look) await visitor.look("passkey");
  await visitor.go("/register/codes");
  if (look) await visitor.look("codes");
  const codes = await page.locator("#codes code").allInnerTexts();
  assert.equal(new Set(codes).size, codes.length);
  assert.ok(codes.length >= 8, "codes are shown");
  await page.check("#saved");
  await visitor.go("/register/email");
  if (look) await visitor.look("email");
  await page.fill("#email", email);
  await page.click("#continue");
  await page.waitForSelector("#code");
  if (look) await visitor.look("confirm");
  await page.fill("#code", await code(visitor, email));
  // Impatient people press twice; it counts once.
  await Promise.all([page.waitForURL("**/register/done"), page.dblclick("#continue")]);
  if (look) await visitor.look("done");
  if (look) await visitor.printsOnOnePage("done");
  return codes;
}

/** The six digits of the newest letter. */
export async function code(visitor, email) {
  const letter = await visitor.letter(email, /(?<!\d)\d{3} ?\d{3}(?!\d)/);
  const digits = letter.replace(/(\d{3}) (\d{3})/g, "$1$2").match(/(?<!\d)\d{6}(?!\d)/);
  assert.ok(digits, "the letter carries six digits");
  return digits[0];
}
