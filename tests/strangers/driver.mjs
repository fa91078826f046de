// A driver that knows the documents alone (docs/connect.md, "For checkers and HTTP drivers"): registers with pictures it seals by itself, uses the
// doors of the demo's phone, and sees that a phone that misbehaves gets nowhere.
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert";
import { createCipheriv, createHmac, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, setting } from "./lib.mjs";

const { issuer, service, data, camera, registered } = setting;

// One browser: its cookies and the token of its pages.
class Visitor {
  cookies = new Map();
  csrf = "";
  async send(method, path, { json, form, body, accept = "application/json", headers = {} } = {}) {
    const sent = { accept, "accept-language": "en", "x-csrf-token": this.csrf, cookie: [...this.cookies].map((pair) => pair.join("=")).join("; "), ...headers };
    if (form) {
      body = new URLSearchParams(form).toString();
      sent["content-type"] = "application/x-www-form-urlencoded";
    }
    if (json !== undefined) {
      body = JSON.stringify(json);
      sent["content-type"] = "application/json";
    }
    const response = await fetch(path.startsWith("/") ? issuer + path : path, { method, headers: sent, body, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    const bytes = Buffer.from(await response.arrayBuffer());
    const token = /name="csrf" (?:content|value)="([^"]+)"/.exec(bytes.toString("latin1"));
    if (token) this.csrf = token[1];
    return { status: response.status, location: response.headers.get("location"), bytes, text: bytes.toString(), json: () => JSON.parse(bytes.toString()) };
  }
  page(path) {
    return this.send("GET", path, { accept: "text/html" });
  }
  post(path, json = {}) {
    return this.send("POST", path, { json });
  }
}

async function door(person, verb, body = {}, query = "") {
  const response = await fetch(`${service}/phone/${person}/${verb}${query}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  // Beside the answer, not in it: what a passkey answers is handed on as it is, and the platform takes no member it does not know.
  return Object.defineProperty(await response.json(), "http", { value: response.status });
}

// HPKE (RFC 9180), base mode: X25519 with HKDF-SHA256, HKDF-SHA256, AES-256-GCM.
const hmac = (key, data) => createHmac("sha256", key).update(data).digest();
const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
const extract = (suite, salt, label, ikm) => hmac(salt.length ? salt : Buffer.alloc(32), bytes("HPKE-v1", suite, label, ikm));
const expand = (suite, key, label, info, length) =>
  hmac(key, bytes(Buffer.from([0, length]), "HPKE-v1", suite, label, info, Buffer.from([1]))).subarray(0, length);
function seal(key, info, aad, text) {
  const none = Buffer.alloc(0);
  const own = generateKeyPairSync("x25519");
  const enc = Buffer.from(own.publicKey.export({ format: "jwk" }).x, "base64url");
  const theirs = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "X25519", x: key.toString("base64url") } });
  const kem = bytes("KEM", "\0\x20");
  const shared = expand(kem, extract(kem, none, "eae_prk", diffieHellman({ privateKey: own.privateKey, publicKey: theirs })), "shared_secret", bytes(enc, key), 32);
  const suite = bytes("HPKE", "\0\x20\0\x01\0\x02");
  const context = bytes("\0", extract(suite, none, "psk_id_hash", none), extract(suite, none, "info_hash", info));
  const secret = extract(suite, shared, "secret", none);
  const cipher = createCipheriv("aes-256-gcm", expand(suite, secret, "key", context, 32), expand(suite, secret, "base_nonce", context, 12));
  cipher.setAAD(Buffer.from(aad));
  return bytes(enc, cipher.update(text), cipher.final(), cipher.getAuthTag());
}

// From the notice to the verdict; answers where the browser is sent.
async function proof(visitor, person, face = person) {
  const notice = /name="notice"[^>]*value="([^"]+)"/.exec((await visitor.page("/register")).text)[1];
  await visitor.send("POST", "/register", { form: { csrf: visitor.csrf, notice, agree: "yes" } });
  await visitor.page("/register/card");
  const { challenge_id, actions } = (await visitor.post("/register/challenge")).json();
  const custody = (await visitor.post("/register/custody", { challenge_id })).json();
  const [key, info] = [Buffer.from(custody.seal_key, "base64url"), Buffer.from(custody.info, "base64url")];
  const picture = async (part, at, action, owner, file) => {
    const sealed = seal(key, info, `${custody.custody}/${part}/${at}/${action}`, readFileSync(join(data, "people", owner, file)));
    const answer = await visitor.send("PUT", `/register/pictures/${part}?at=${at}&action=${action}`, { body: sealed });
    strictEqual(answer.status, 200, answer.text);
  };
  await picture("card", 0, "none", person, "card.jpg");
  await picture("face-0", 0, "none", face, "face.jpg");
  let count = 0;
  for (const action of actions) {
    for (const step of [1, 2, 3]) {
      count += 1;
      await picture(`face-${count}`, count * 400, action, face, `${action}-${step}.jpg`);
    }
  }
  strictEqual((await visitor.post("/register/judge")).status, 202);
  const told = (await visitor.send("GET", "/register/progress", { accept: "text/event-stream" })).text;
  return JSON.parse(/event: ?done\ndata: ?(.*)/.exec(told)[1]).next;
}

await check("the door lists who is there", async () => {
  const said = await (await fetch(`${service}/phone`)).json();
  strictEqual(said.platform, issuer);
  ok(registered.every((person) => said.people.includes(person)) && camera.every((person) => said.faces.includes(person)));
});

const [first, second] = camera;
const codes = [];
await check("somebody registers by pictures sealed outside, with a passkey and recovery codes", async () => {
  const visitor = new Visitor();
  strictEqual(await proof(visitor, first), "/register/passkey");
  await visitor.page("/register/passkey");
  const made = await door(first, "create", (await visitor.post("/register/passkey/options")).json());
  strictEqual((await visitor.post("/register/passkey", made)).status, 200);
  const shown = (await visitor.page("/register/codes")).text.split('id="codes"')[1];
  for (const found of shown.matchAll(/<code[^>]*>([^<]+)</g)) codes.push(found[1]);
  strictEqual(codes.length, 10);
  strictEqual((await visitor.page("/account")).status, 200);
  strictEqual((await visitor.page("/register/receipt.json")).json().format, "lionrock receipt v1");
});

await check("the face of another is refused", async () => {
  notStrictEqual(await proof(new Visitor(), camera[2] ?? second, first), "/register/passkey");
});

await check("signing in and a step-up through the door's passkey; a misbehaving phone gets nowhere", async () => {
  for (const wish of ["?verified=false", "?present=false", "?origin=https://evil.example", "?wrong_key=true", "?cross_origin=true", "?synced=true"]) {
    const visitor = new Visitor();
    await visitor.page("/signin");
    const answer = await door(first, "assert", (await visitor.post("/signin/options")).json(), wish);
    const said = await visitor.post("/signin", answer);
    strictEqual(said.status, 403, `${wish}: ${said.text}`);
    ok(!visitor.cookies.has("__Host-session"), wish);
  }
  const visitor = new Visitor();
  await visitor.page("/signin");
  strictEqual((await visitor.post("/signin", await door(first, "assert", (await visitor.post("/signin/options")).json()))).status, 200);
  await visitor.page("/account");
  strictEqual((await visitor.post("/account/step-up", await door(first, "assert", (await visitor.post("/account/step-up/options")).json()))).status, 200);
});

await check("the door hands out the cookies of an account; without them the pages are shut", async () => {
  const inside = await door(first, "sign-in");
  const visitor = new Visitor();
  strictEqual((await visitor.page("/account")).status, 303);
  for (const pair of inside.cookie.split("; ")) visitor.cookies.set(...pair.split("="));
  visitor.csrf = inside.csrf;
  strictEqual((await visitor.page("/account")).status, 200);
  const copy = await visitor.send("POST", "/account/data/export", { form: { csrf: inside.csrf } });
  strictEqual(copy.json().format, "lionrock my-data v1");
  strictEqual((await visitor.send("POST", "/account/data/export", { form: { csrf: "another" }, headers: { "x-csrf-token": "another" } })).status, 403);
});

await check("an account is raised, gets a certificate, signs a document for the demo service", async () => {
  strictEqual((await door(first, "raise")).level, "plus");
  strictEqual((await door(first, "approve", { page: "/account/signatures" })).http, 200);
  const browser = new Visitor();
  const { location } = await browser.page(`${service}/sign`);
  const { redirect } = await door(first, "sign-in", { url: location });
  const page = await browser.page(redirect);
  const link = /id="document" href="([^"]+)"/.exec(page.text);
  ok(link, page.text);
  const pdf = await browser.page(service + link[1]);
  strictEqual(pdf.bytes.subarray(0, 5).toString(), "%PDF-");
  const form = new FormData();
  form.append("document", new Blob([pdf.bytes]), "signed.pdf");
  const judged = await (await fetch(`${issuer}/verify`, { method: "POST", headers: { accept: "application/json" }, body: form })).json();
  strictEqual(judged.indication, "TOTAL-PASSED");
});

await check("a whole registration through the door; who has no face is told so", async () => {
  const made = await door(second, "register");
  strictEqual(made.http, 200, made.error);
  deepStrictEqual([made.codes.length, made.receipt.format], [10, "lionrock receipt v1"]);
  strictEqual((await door(registered[0], "register")).http, 422);
  strictEqual((await door("nobody", "assert")).http, 404);
});

await check("recovery codes open the way to a new passkey once", async () => {
  const number = JSON.parse(readFileSync(join(data, "people", first, "person.json"))).hkid;
  const visitor = new Visitor();
  await visitor.page("/recover");
  const asked = () => visitor.send("POST", "/recover", { form: { csrf: visitor.csrf, hkid: number, first: codes[0], second: codes[1] } });
  strictEqual((await asked()).location, "/recover/passkey");
  await visitor.page("/recover/passkey");
  const made = await door("a-new-phone", "create", (await visitor.post("/recover/passkey/options")).json());
  strictEqual((await visitor.post("/recover/passkey", made)).status, 200);
  strictEqual((await asked()).status, 403);
});

await check("closing wants the box ticked, and ends everything", async () => {
  await door(second, "sign-in");
  strictEqual((await door(second, "approve", { page: "/account/close" })).code, "confirm-missing");
  strictEqual((await door(second, "approve", { page: "/account/close", tick: ["confirm"] })).http, 200);
  strictEqual((await door(second, "sign-in")).http, 422);
});
