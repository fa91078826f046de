// The page's sealing against the published vectors of RFC 9180, appendix A.1.1, and against a vector that the Rust side opens
// too (`crates/crypto/src/hpke.rs`). Run: node --test crates/web/tests/js/

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// The asset is a browser module without a package file around it; Node reads it as one through a data address.
const source = readFileSync(new URL("../../assets/js/seal.js", import.meta.url), "utf8");
const { seal, available, fromBase64url, AES_256_GCM } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (array) => Array.from(array, (byte) => byte.toString(16).padStart(2, "0")).join("");

// A known ephemeral key pair: PKCS #8 of RFC 8410 around the 32 bytes.
async function pair(secret, open) {
  const pkcs8 = bytes(`302e020100300506032b656e04220420${secret}`);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "X25519" }, false, ["deriveBits"]);
  const publicKey = await crypto.subtle.importKey("raw", bytes(open), { name: "X25519" }, true, []);
  return { privateKey, publicKey };
}

const RFC = {
  info: "4f6465206f6e2061204772656369616e2055726e",
  skEm: "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
  pkEm: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
  pkRm: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
  plain: "4265617574792069732074727574682c20747275746820626561757479",
  aad: "436f756e742d30",
  sealed: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
};

test("RFC 9180 A.1.1 (AES-128-GCM, sequence number 0)", async () => {
  const ephemeral = await pair(RFC.skEm, RFC.pkEm);
  const args = [bytes(RFC.pkRm), bytes(RFC.info), bytes(RFC.aad), bytes(RFC.plain)];
  const sealed = await seal(...args, ephemeral, { id: 0x0001, key: 16 });
  assert.equal(hex(sealed), RFC.pkEm + RFC.sealed);
});

test("the same keys with AES-256-GCM give what the platform opens", async () => {
  const ephemeral = await pair(RFC.skEm, RFC.pkEm);
  const args = [bytes(RFC.pkRm), bytes(RFC.info), bytes(RFC.aad), bytes(RFC.plain)];
  const sealed = await seal(...args, ephemeral, AES_256_GCM);
  assert.equal(hex(sealed), RFC.pkEm + "090b7dc225419f7da9e8b460becfbb96a26c7964d79b8010d397fa838530a32a397b14f5776db19ff5e57734e0");
});

test("every seal is another, and small-order keys are refused", async () => {
  assert.equal(await available(), true);
  const key = bytes(RFC.pkRm);
  const once = () => seal(key, bytes(RFC.info), bytes(RFC.aad), bytes(RFC.plain));
  assert.notEqual(hex(await once()), hex(await once()));
  assert.equal((await once()).length, 32 + 29 + 16);
  await assert.rejects(seal(new Uint8Array(32), bytes(RFC.info), bytes(RFC.aad), bytes(RFC.plain)));
});

test("base64url is read with and without its special letters", () => {
  assert.equal(hex(fromBase64url("-_8")), "fbff");
});
