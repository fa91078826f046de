// Chromium with its own home: the demo's authority is in a private certificate store, as a user would put it there, so that
// certificate faults are not hidden.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Visitor } from "./visitor.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser for the demo. `film`: an MJPEG file that its camera plays from the beginning whenever it is opened. */
export async function openBrowser(demo, { film } = {}) {
  const home = mkdtempSync(join(tmpdir(), "lionrock-home-"));
  const trusted = trust(home, demo.ca);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    env: { ...process.env, HOME: home },
    args: [
      "--no-sandbox",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--disable-dev-shm-usage",
      ...(film ? [`--use-file-for-fake-video-capture=${film}`] : []),
    ],
  });
  return new Browser(browser, home, trusted, demo);
}

function trust(home, ca) {
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  try {
    execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"], { stdio: "ignore" });
    execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-n", "demo", "-t", "C,,", "-i", ca], { stdio: "ignore" });
    return true;
  } catch {
    console.log("certutil is missing (libnss3-tools): certificate faults are not looked at");
    return false;
  }
}

class Browser {
  #browser;
  #home;
  #trusted;
  #demo;
  #open = [];

  constructor(browser, home, trusted, demo) {
    this.#browser = browser;
    this.#home = home;
    this.#trusted = trusted;
    this.#demo = demo;
  }

  /** A person at a fresh browser. `options`: language, scheme, wide, camera (slug), passkey (false for none), script (false for none). */
  async visitor(options = {}) {
    const { language = "en", scheme = "light", wide = false } = options;
    const context = await this.#browser.newContext({
      viewport: wide ? { width: 1200, height: 900 } : { width: 360, height: 740 },
      colorScheme: scheme,
      locale: { en: "en-HK", "zh-Hant": "zh-HK", "zh-Hans": "zh-CN" }[language],
      javaScriptEnabled: options.script !== false,
      ignoreHTTPSErrors: !this.#trusted,
      reducedMotion: "reduce",
    });
    const visitor = await Visitor.arrive(context, this.#demo, axe, { ...options, language, scheme, wide });
    this.#open.push(context);
    return visitor;
  }

  async closeVisitors() {
    for (const context of this.#open.splice(0)) await context.close();
  }

  async close() {
    await this.#browser.close();
    rmSync(this.#home, { recursive: true, force: true });
  }
}
