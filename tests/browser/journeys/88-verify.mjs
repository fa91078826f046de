// What a signed document is worth: the page that everybody can ask, in three languages, with files that nobody signed, without a cookie.
// A signed one and a spoilt one: 90-sign.

import assert from "node:assert/strict";
import { request } from "node:https";

/** A PDF with one page that says something. */
function paper(text) {
  const content = `BT /F1 24 Tf 72 700 Td (${text}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${content.length}>>\nstream\n${content}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let file = "%PDF-1.7\n";
  let table = "xref\n0 6\n0000000000 65535 f\r\n";
  objects.forEach((body, index) => {
    table += `${String(file.length).padStart(10, "0")} 00000 n\r\n`;
    file += `${index + 1} 0 obj\n${body}\nendobj\n`;
  });
  return Buffer.from(`${file}${table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF\n`, "latin1");
}

/** A file as a form sends it. */
export const pdf = (name, buffer) => ({ name, mimeType: "application/pdf", buffer });

/** Asks the page about a file. */
export async function show(visitor, file) {
  await visitor.open("/verify");
  await visitor.page.setInputFiles("#document", file);
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#verdict, #errors");
}

async function nobodySigned({ browser }) {
  for (const [language, scheme] of [["en", "light"], ["zh-Hant", "dark"], ["zh-Hans", "light"]]) {
    const visitor = await browser.visitor({ language, scheme });
    await visitor.open("/verify");
    await visitor.look("verify");
    await show(visitor, pdf("letter.pdf", paper("Nobody signed this.")));
    const verdict = visitor.page.locator("#verdict");
    assert.equal(await verdict.getAttribute("data-indication"), "INDETERMINATE");
    assert.equal(await verdict.getAttribute("data-sub-indication"), "SIGNED_DATA_NOT_FOUND");
    await visitor.look("verify-unsigned");
  }
}

async function notADocument({ browser }) {
  const visitor = await browser.visitor({ language: "zh-Hant" });
  for (const bytes of ["hello", "%PDF-1.7\n", paper("x").subarray(0, 300), Buffer.alloc(5000, "[")]) {
    await show(visitor, pdf("odd.pdf", Buffer.from(bytes)));
    assert.equal(await visitor.page.locator("#document-mistake").count(), 1);
  }
  await visitor.look("verify-unreadable");
  await visitor.open("/verify");
  await visitor.page.$eval("#verify", (form) => (form.noValidate = true));
  await visitor.page.click("#continue");
  await visitor.page.waitForSelector("#errors");
}

/** Programs need no cookie and no token, and get JSON. */
async function forPrograms({ demo }) {
  const boundary = "x".repeat(24);
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\n\r\n`),
    paper("I am a program."),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const answer = await new Promise((resolve, reject) => {
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}`, accept: "application/json", "content-length": body.length };
    const asked = request(new URL("/verify", demo.issuer), { method: "POST", headers, rejectUnauthorized: false }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text, cookies: response.headers["set-cookie"] }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.cookies, undefined, "no cookie");
  const judgement = JSON.parse(answer.text);
  assert.deepEqual([judgement.form, judgement.indication, judgement.pages], ["pdf", "INDETERMINATE", 1]);
}

export const journeys = {
  "a document that nobody signed, in three languages": nobodySigned,
  "what is no document": notADocument,
  "programs ask without a cookie": forPrograms,
};
