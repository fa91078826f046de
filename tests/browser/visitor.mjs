// A person at a browser: walks, looks (accessibility and screenshot), types, has a passkey and a camera.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const shots = process.env.SHOTS ?? fileURLToPath(new URL("../../target/screenshots", import.meta.url));
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export class Visitor {
  /** Opens the first page and plugs in authenticator and camera. */
  static async arrive(context, demo, axe, options) {
    const page = await context.newPage();
    const visitor = new Visitor(context, page, demo, axe, options);
    page.on("console", (message) => message.type() === "error" && visitor.complaints.push(message.text()));
    page.on("pageerror", (error) => visitor.complaints.push(String(error)));
    if (options.passkey !== false && options.script !== false) await visitor.#plugIn();
    if (options.camera) await visitor.#showCamera(options.camera);
    return visitor;
  }

  constructor(context, page, demo, axe, options) {
    Object.assign(this, { context, page, demo, axe, ...options });
    this.complaints = [];
    this.seen = new Set();
  }

  async #plugIn() {
    this.cdp = await this.context.newCDPSession(this.page);
    await this.cdp.send("WebAuthn.enable");
    await this.newDevice();
  }

  /** A second device; the first one stays in the pocket. */
  async changeDevice() {
    await this.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.authenticator, enabled: false });
    await this.newDevice("usb");
  }

  /** Takes a device out of the pocket again; the other one goes. */
  async useDevice(authenticatorId) {
    await this.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.authenticator });
    await this.cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
    this.authenticator = authenticatorId;
  }

  async newDevice(transport = "internal") {
    const { authenticatorId } = await this.cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        ctap2Version: "ctap2_1",
        transport,
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    this.authenticator = authenticatorId;
  }

  /** Whether the person can unlock the device. */
  async canUnlock(can) {
    await this.cdp.send("WebAuthn.setUserVerified", { authenticatorId: this.authenticator, isUserVerified: can });
  }

  /** A camera that shows a synthetic person, who does what the page asks. */
  async #showCamera(slug) {
    const pictures = {};
    for (const [name, path] of Object.entries(this.demo.files(slug))) {
      if (name.endsWith(".jpg")) pictures[name.replace(/\.jpg$/, "")] = readFileSync(path).toString("base64");
    }
    await this.context.addInitScript({ content: `(${camera})(${JSON.stringify(pictures)})` });
  }

  async open(path) {
    await this.page.goto(new URL(path, this.demo.issuer).href);
  }

  /** The main button of the page, and the page it leads to. */
  async go(to) {
    await Promise.all([to && this.page.waitForURL(at(to)), this.page.click("#continue")]);
  }

  async arriveAt(to, timeout = 30_000) {
    await this.page.waitForURL(at(to), { timeout });
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  /** Looks at the page as it is: no accessibility finding, no sideways scrolling, the right language, nothing the browser complains of. */
  async look(name) {
    const { page } = this;
    const place = `${name}, ${this.language}, ${this.scheme}`;
    assert.equal(await page.getAttribute("html", "lang"), this.language, `${place}: language`);
    assert.equal(await page.locator("h1:visible").count(), 1, `${place}: one heading`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(sideways <= 0, `${place}: ${sideways} px wider than the screen`);
    const texts = await page.evaluate(() => document.body.innerText);
    assert.ok(!/\[[a-z]+-[a-z-]+\]/.test(texts), `${place}: a text is missing`);
    await page.evaluate(this.axe);
    const found = await page.evaluate((only) => axe.run({ runOnly: only, resultTypes: ["violations"] }), rules);
    const told = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")}`);
    assert.deepEqual(told, [], `${place}: accessibility`);
    const folder = join(shots, this.language);
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}${this.wide ? "-wide" : ""}${this.scheme === "dark" ? "-dark" : ""}.png`), fullPage: true });
    this.quiet(place);
  }

  /** The page fits one sheet of paper. */
  async printsOnOnePage(name) {
    const pdf = await this.page.pdf({ format: "A4", path: join(shots, this.language, `${name}.pdf`) });
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length;
    assert.equal(pages, 1, `${name}, ${this.language}: sheets of paper`);
    // And it can be read: nothing that is printed is smaller than nine points.
    await this.page.emulateMedia({ media: "print" });
    const smallest = await this.page.evaluate(() => {
      const shown = [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility() && one.innerText?.trim());
      return Math.min(...shown.map((one) => Number.parseFloat(getComputedStyle(one).fontSize))) * 0.75;
    });
    await this.page.emulateMedia({ media: null });
    assert.ok(smallest >= 8.99, `${name}, ${this.language}: ${smallest} points on paper`);
  }

  /** The browser has not complained: no script error, nothing the content policy stopped. */
  quiet(place) {
    const complaints = this.complaints.splice(0).filter((line) => !/status of 4\d\d/.test(line));
    assert.deepEqual(complaints, [], `${place}: the browser complains`);
  }

  /** The newest letter to this address in the test mailbox that says what is wanted. */
  async letter(address, wanted = /./) {
    const other = await this.context.newPage();
    await other.goto(new URL("/mailbox", this.demo.issuer).href);
    for (let tries = 0; tries < 120; tries += 1) {
      const texts = await other.locator("article", { hasText: address }).allInnerTexts();
      const found = texts.find((text) => wanted.test(text));
      if (found) {
        await other.close();
        return found;
      }
      await other.waitForTimeout(250);
      await other.reload();
    }
    throw new Error(`no letter came to ${address}`);
  }

  /** Walks with the Tab key until the element has the keyboard. */
  async tabTo(selector) {
    for (let steps = 0; steps < 80; steps += 1) {
      await this.page.keyboard.press("Tab");
      if (await this.page.evaluate((s) => document.activeElement?.matches(s), selector)) {
        const ring = await this.page.evaluate(() => {
          const style = getComputedStyle(document.activeElement);
          const around = getComputedStyle(document.activeElement.closest("label, li") ?? document.activeElement);
          return style.outlineStyle !== "none" || around.outlineStyle !== "none";
        });
        assert.ok(ring, `${selector}: where the keyboard is cannot be seen`);
        return;
      }
    }
    throw new Error(`${selector} cannot be reached by keyboard`);
  }
}

function at(path) {
  return (url) => (path instanceof RegExp ? path.test(url.href) : url.pathname === path);
}

// Runs in the page, before its scripts: replaces the camera by a canvas. The person on it does what #face-instruction asks for.
function camera(pictures) {
  const load = async (name) => {
    const bytes = Uint8Array.from(atob(pictures[name]), (c) => c.charCodeAt(0));
    return createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  };
  const shown = (name) => Object.keys(pictures).filter((key) => key === name || key.startsWith(`${name}-`)).sort();
  navigator.mediaDevices.getUserMedia = async () => {
    const facing = document.querySelector("#face-step:not([hidden])") !== null;
    const canvas = document.createElement("canvas");
    const first = await load(facing ? "face" : "card");
    [canvas.width, canvas.height] = [first.width, first.height];
    const context = canvas.getContext("2d");
    let frames = [first];
    let since = performance.now();
    const words = document.getElementById("capture-words").dataset;
    const wanted = { turnLeft: "turn-left", turnRight: "turn-right", lookUp: "look-up", lookDown: "look-down", comeCloser: "come-closer" };
    const follow = async () => {
      const asked = document.getElementById("face-instruction").textContent;
      const action = Object.keys(wanted).find((key) => asked.includes(words[key]));
      const name = action ? wanted[action] : "face";
      frames = await Promise.all((shown(name).length ? shown(name) : ["face"]).map(load));
      since = performance.now();
    };
    if (facing) new MutationObserver(follow).observe(document.getElementById("face-instruction"), { childList: true, characterData: true, subtree: true });
    const draw = () => {
      // The page gives time to react, then looks three times, about half a second apart. Nobody's hand and no sensor is quite still.
      const step = Math.max(0, Math.min(frames.length - 1, Math.floor((performance.now() - since - 1050) / 450)));
      context.drawImage(frames[step], 4 * Math.random() - 2, 4 * Math.random() - 2, canvas.width, canvas.height);
      for (let speck = 0; speck < 400; speck += 1) {
        context.fillStyle = `rgb(${Math.random() < 0.5 ? "0 0 0" : "255 255 255"} / 6%)`;
        context.fillRect(Math.random() * canvas.width, Math.random() * canvas.height, 6, 6);
      }
    };
    draw();
    setInterval(draw, 50);
    return canvas.captureStream(20);
  };
}
