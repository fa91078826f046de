// A registration before the browser's own camera, which plays a film. Nothing in the page is replaced.
//
// Which movements are asked for is known only when the page has asked; a camera plays a film from its beginning when it is opened. So the
// first answer of the server is lost on the way, the person's film is made after it, and the second try gets that very answer.
//
// A film cannot wait for a page that is slow to take its pictures. Whoever was out of step tries again, as people do, with a film in the
// rhythm that the page had: the page grants three tries.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../browser.mjs";
import * as steps from "../steps.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The demo's people. */
const SEED = "1";
const TRIES = 3;
/** The registration page's rhythm in milliseconds, and what the film allows for beyond it (rehearsal::video::Rhythm). */
const SETTLE = 1600;
const ACTION = 1300 + 3 * 450;
const SLACK = 90;

/** Writes the film of a person who makes these movements. */
function shoot(slug, actions, file, slack = SLACK) {
  const built = join(root, "target", "release", "examples", "camera");
  const program = process.env.LIONROCK_CAMERA ?? (existsSync(built) ? built : null);
  const [command, first] = program ? [program, []] : ["cargo", ["run", "-q", "--locked", "--release", "-p", "lionrock-rehearsal", "--example", "camera", "--"]];
  execFileSync(command, [...first, slug, actions.join(","), file, SEED, String(slack)], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

/** The first answer to each question for movements is lost, after `made` saw it; the next question gets the same answer. */
async function loseFirstChallenges({ cdp }, made) {
  let kept = null;
  cdp.on("Fetch.requestPaused", async ({ requestId, responseStatusCode, responseHeaders }) => {
    if (kept) {
      const answer = kept;
      kept = null;
      return cdp.send("Fetch.fulfillRequest", { requestId, ...answer });
    }
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

/** The movements before the camera; gives the milliseconds from the first instruction to the last picture. */
async function move({ page }) {
  await page.click("#face-begin");
  await page.waitForSelector("#face-retake:visible", { timeout: 60_000 });
  await page.click("#face-retake");
  await page.waitForFunction(() => document.getElementById("face-instruction").textContent !== "");
  const began = performance.now();
  await page.waitForSelector("#continue:enabled", { timeout: 60_000 });
  return performance.now() - began;
}

export const journeys = {
  "register before the browser's camera": async ({ demo }) => {
    const folder = mkdtempSync(join(tmpdir(), "lionrock-film-"));
    const film = join(folder, "camera.mjpeg");
    const slug = demo.camera[0];
    let [actions, slack] = [["turn-left"], SLACK];
    shoot(slug, actions, film);
    const browser = await openBrowser(demo, { film });
    try {
      const visitor = await browser.visitor();
      const { page } = visitor;
      await loseFirstChallenges(visitor, (asked) => shoot(slug, (actions = asked), film, slack));
      await steps.agree(visitor);
      for (let left = TRIES; ; ) {
        await steps.showCard(visitor, slug);
        const took = await move(visitor);
        slack = Math.max(SLACK, Math.round((took - SETTLE - ACTION * actions.length) / (actions.length + 3)));
        await steps.judged(visitor, { to: null });
        const told = page.waitForSelector("#continue[href='/register/card']", { timeout: 60_000 }).then(() => false, () => false);
        const passed = page.waitForURL("**/register/passkey", { timeout: 60_000 }).then(() => true, () => false);
        if ((await Promise.race([told, passed])) && visitor.path === "/register/passkey") break;
        const said = await page.innerText("main");
        left -= 1;
        assert.ok(left > 0, `no try is left; the page says: ${said}`);
        assert.match(said, /movements/, "out of step is the only reason to try again");
        await page.click("#continue[href='/register/card']");
        await page.waitForURL("**/register/card");
      }
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
