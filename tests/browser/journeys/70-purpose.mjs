// Nothing leaves: every page of the site is visited, signed out, signed in and in the middle of a registration, in three languages, and every request
// of the browser must go to the site itself. No analytics, no third party, no cookie of anybody else; the server calls nobody outside either.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { holdPasskey, signIn } from "../account.mjs";
import { agree } from "../steps.mjs";
import { connections } from "../connections.mjs";

const COOKIES = ["__Host-browser", "__Host-language", "__Host-registration", "__Host-session", "__Host-waiting"];
const LANGUAGES = ["en", "zh-Hant", "zh-Hans"];
const POLICY = /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; form-action 'self'( https?:\/\/localhost:\d+)?; base-uri 'none'; frame-ancestors 'none'; /;
/** What stands for a part of a path; a new part has to be named here. */
const PARTS = { "{id}": "0190f7a1-3c5e-7b22-9c41-5d2a7e1f4b60", "{*path}": "checkpoint", "{file}": "mark.svg", "{version}": "0123456789abcdef", "{*question}": "MAA", "{handle}": "0190f7a1-3c5e-7b22-9c41-5d2a7e1f4b60", "{number}": "1", "{serial}": "00", "{signature}": "0190f7a1-3c5e-7b22-9c41-5d2a7e1f4b60" };

/** Every path of the table of routes that answers GET. */
function routes() {
  const table = readFileSync(new URL("../../../crates/web/src/routes.rs", import.meta.url), "utf8");
  const paths = [...table.matchAll(/\.route\(\s*"([^"]+)",\s*((?:[^.]|\.(?!route\())*)/g)]
    .filter(([, , handlers]) => /(^|[^a-z])get\(/.test(handlers))
    .map(([, path]) => path.replace(/\{\*?[a-z]+\}/g, (part) => PARTS[part] ?? assert.fail(`${path}: say what stands for ${part}`)));
  assert.ok(paths.length > 40 && paths.includes("/account/data") && paths.includes("/oauth/userinfo"), `the table was not understood: ${paths.length}`);
  return [...paths, "/there-is-no-such-page"];
}

/** Looks over a visitor's shoulder: every request, every answer that is a document. */
function watch(visitor) {
  const own = new URL(visitor.demo.issuer).origin;
  const seen = { requests: 0, documents: 0, faults: [] };
  visitor.context.on("request", (request) => {
    const url = new URL(request.url());
    seen.requests += 1;
    if (url.origin !== own && url.protocol !== "blob:") seen.faults.push(`${request.frame().url()} asked for ${url.href}`);
    if (["ping", "cspreport", "beacon"].includes(request.resourceType())) seen.faults.push(`${request.resourceType()} to ${url.href}`);
  });
  visitor.context.on("response", (response) => {
    const headers = response.headers();
    if (!headers["content-type"]?.startsWith("text/html")) return;
    seen.documents += 1;
    const policy = headers["content-security-policy"] ?? "";
    if (!POLICY.test(policy)) seen.faults.push(`${response.url()} has the policy ${policy || "of none"}`);
    for (const name of ["link", "refresh", "x-dns-prefetch-control", "nel"]) if (headers[name]) seen.faults.push(`${response.url()}: ${name}: ${headers[name]}`);
  });
  return seen;
}

/** What a page holds that could reach out, and what it leaves in the browser. */
async function inspect(visitor, path) {
  const own = new URL(visitor.demo.issuer).origin;
  const found = await visitor.page.evaluate((own) => {
    const out = [];
    for (const element of document.querySelectorAll("[src], [srcset], [href], [action], [formaction], [data], [poster]")) {
      for (const name of ["src", "srcset", "href", "action", "formaction", "data", "poster"]) {
        const value = element.getAttribute(name);
        if (value && new URL(value, location.href).origin !== own) out.push(element.outerHTML.slice(0, 120));
      }
    }
    for (const element of document.querySelectorAll("[ping], iframe, object, embed, link[rel~=preconnect], link[rel~=dns-prefetch], link[rel~=prefetch]")) out.push(element.outerHTML.slice(0, 120));
    for (const store of [localStorage, sessionStorage]) if (store.length) out.push(`${store.length} values are stored: ${Object.keys(store)}`);
    return out;
  }, own);
  assert.deepEqual(found, [], `${path}, ${visitor.language}: something reaches out`);
}

async function cookies(visitor) {
  const host = new URL(visitor.demo.issuer).hostname;
  for (const cookie of await visitor.context.cookies()) {
    assert.ok(COOKIES.includes(cookie.name), `a cookie of somebody else: ${cookie.name} of ${cookie.domain}`);
    const kept = [cookie.domain, cookie.path, cookie.secure, cookie.httpOnly, cookie.sameSite];
    assert.deepEqual(kept, [host, "/", true, true, "Lax"], cookie.name);
  }
}

async function crawl(visitor, paths) {
  const seen = watch(visitor);
  for (const path of paths) {
    const address = new URL(path, visitor.demo.issuer).href;
    // What is no page is saved or shown bare; then the answer itself is looked at.
    const shown = await visitor.page.goto(address, { waitUntil: "load" }).catch((error) => {
      if (!/Download is starting|ERR_ABORTED/.test(error.message)) throw error;
    });
    if (!shown || !(shown.headers()["content-type"] ?? "").startsWith("text/html")) continue;
    assert.equal(await visitor.page.getAttribute("html", "lang"), visitor.language, path);
    await inspect(visitor, path);
  }
  await visitor.page.waitForTimeout(200);
  await cookies(visitor);
  assert.deepEqual(seen.faults, [], visitor.language);
  visitor.quiet(`the crawl, ${visitor.language}`);
  return seen;
}

/** Every page, in one language. */
async function everyPage({ demo, browser }, language, number) {
  const paths = routes();
  const stranger = await crawl(await browser.visitor({ language }), paths);
  const resident = await browser.visitor({ language });
  await holdPasskey(resident, demo.registered[number]);
  await signIn(resident);
  const account = await crawl(resident, paths);
  const applicant = await browser.visitor({ language, camera: demo.camera[0] });
  await agree(applicant);
  const registration = await crawl(applicant, paths.filter((path) => path.startsWith("/register")));
  // A service's request: the only page whose forms may lead elsewhere, to that service.
  await resident.page.goto(demo.service);
  await Promise.all([resident.page.waitForURL((url) => url.pathname === "/oauth/consent"), resident.page.click("#login-profile")]);
  await inspect(resident, "/oauth/consent");
  for (const seen of [stranger, account]) assert.ok(seen.documents >= paths.length - 12, `${seen.documents} documents of ${paths.length} paths`);
  assert.ok(registration.documents >= 5);
}

/** While people use it, the server talks to nobody outside this machine. */
async function nobodyIsCalled({ demo, browser }) {
  if (!demo.pid) return;
  const seen = new Set();
  const looking = setInterval(() => connections(demo.pid).forEach((one) => seen.add(one)), 20);
  try {
    const visitor = await browser.visitor();
    await holdPasskey(visitor, demo.registered[0]);
    await signIn(visitor, "/account/data");
    await visitor.page.goto(demo.service);
    await Promise.all([visitor.page.waitForURL((url) => url.pathname === "/oauth/consent"), visitor.page.click("#login-profile")]);
    await Promise.all([visitor.page.waitForURL((url) => url.href.startsWith(demo.service)), visitor.page.click("#continue")]);
    await visitor.page.waitForTimeout(500);
  } finally {
    clearInterval(looking);
  }
  assert.ok(seen.size > 0, "the browser's own connections at least are seen");
  const outside = [...seen].filter((address) => !/^(127\.|::1$|::ffff:127\.)/.test(address));
  assert.deepEqual(outside, [], "the server is connected with somebody outside");
}

/** The watch itself: pages that would reach out are noticed, each way by itself. */
async function theWatchSees({ browser }) {
  const outside = "https://outside.example/";
  const ways = {
    picture: (address) => void (new Image().src = address),
    beacon: (address) => void navigator.sendBeacon(address, "x"),
    fetch: (address) => void fetch(address).catch(() => {}),
    frame: (address) => void (document.body.append(Object.assign(document.createElement("iframe"), { src: address }))),
  };
  for (const [way, reach] of Object.entries(ways)) {
    const visitor = await browser.visitor();
    const seen = watch(visitor);
    await visitor.open("/");
    await visitor.page.evaluate(reach, outside);
    await visitor.page.waitForTimeout(300);
    // The policy stops it before it leaves, and says so; what leaves all the same is seen as a request. The crawl fails on either.
    assert.ok(visitor.complaints.length > 0, `${way}: the policy did not stop it`);
    assert.throws(() => visitor.quiet(way), /complains/);
    if (way === "picture") assert.ok(seen.faults.length > 0, `${way}: no request was seen`);
  }
  const visitor = await browser.visitor();
  await visitor.open("/");
  await visitor.page.evaluate((address) => document.body.append(Object.assign(document.createElement("a"), { href: address, ping: "/p" })), outside);
  await assert.rejects(inspect(visitor, "/"), /reaches out/);
  await visitor.open("/");
  await visitor.page.evaluate(() => localStorage.setItem("visitor", "1"));
  await assert.rejects(inspect(visitor, "/"), /values are stored/);
  await visitor.context.addCookies([{ name: "_ga", value: "1", url: visitor.demo.issuer }]);
  await assert.rejects(cookies(visitor), /somebody else/);
}

export const journeys = {
  "a page that reaches out would be noticed": theWatchSees,
  "every page asks nobody but the site, in English": (all) => everyPage(all, "en", 0),
  "every page asks nobody but the site, in Traditional Chinese": (all) => everyPage(all, "zh-Hant", 1),
  "every page asks nobody but the site, in Simplified Chinese": (all) => everyPage(all, "zh-Hans", 2),
  "the server is connected with nobody outside": nobodyIsCalled,
};
