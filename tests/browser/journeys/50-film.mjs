// A registration before the browser's own camera, which plays a film. Nothing in the page is replaced.
//
// Which movements are asked for is known only when the page has asked; a camera plays a film from its beginning when it is opened. So the
// first answer of the server is lost on the way, the person's film is made after it, and the second try gets that very answer.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../browser.mjs";
import * as steps from "../steps.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Writes the film of a person who makes these movements. */
function shoot(slug, actions, file) {
  const program = process.env.LIONROCK_CAMERA;
  const [command, first] = program ? [program, []] : ["cargo", ["run", "-q", "--locked", "--release", "-p", "lionrock-rehearsal", "--example", "camera", "--"]];
  execFileSync(command, [...first, slug, actions.join(","), file], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** The first answer to the page's question for movements is lost, after `made` saw it; the second question gets the same answer. */
async function loseFirstChallenge({ cdp }, made) {
  let kept = null;
  cdp.on("Fetch.requestPaused", async ({ requestId, responseStatusCode, responseHeaders }) => {
    if (kept) return cdp.send("Fetch.fulfillRequest", { requestId, ...kept });
    if (!responseStatusCode) return cdp.send("Fetch.continueRequest", { requestId });
    const { body, base64Encoded } = await cdp.send("Fetch.getResponseBody", { requestId });
    const text = base64Encoded ? Buffer.from(body, "base64").toString() : body;
    made(JSON.parse(text).actions);
    kept = { responseCode: responseStatusCode, responseHeaders, body: Buffer.from(text).toString("base64") };
    return cdp.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
  });
  const urlPattern = "*/register/challenge";
  await cdp.send("Fetch.enable", { patterns: [{ urlPattern, requestStage: "Request" }, { urlPattern, requestStage: "Response" }] });
}

export const journeys = {
  "register before the browser's camera": async ({ demo }) => {
    const folder = mkdtempSync(join(tmpdir(), "lionrock-film-"));
    const film = join(folder, "camera.mjpeg");
    const slug = demo.camera[0];
    shoot(slug, ["turn-left"], film);
    const browser = await openBrowser(demo, { film });
    try {
      const visitor = await browser.visitor();
      const { page } = visitor;
      await loseFirstChallenge(visitor, (actions) => shoot(slug, actions, film));
      await steps.agree(visitor);
      await steps.showCard(visitor, slug);
      await page.click("#face-begin");
      await page.waitForSelector("#face-retake:visible", { timeout: 60_000 });
      await page.click("#face-retake");
      await page.waitForFunction(() => document.getElementById("face-instruction").textContent !== "");
      await page.waitForSelector("#continue:enabled", { timeout: 30_000 });
      await steps.judged(visitor);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
