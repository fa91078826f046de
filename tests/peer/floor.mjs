// What an ES256 signature costs here by the library that both jose and @simplewebauthn/server call: one JSON object.
import { webcrypto } from "node:crypto";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const { privateKey, publicKey } = await webcrypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
const message = new Uint8Array(256);
const signature = await webcrypto.subtle.sign(algorithm, privateKey, message);
const GOES = 20;
const ROUNDS = 100;

/** The quickest of several goes, so that whatever else runs on the machine does not count. */
async function each(work) {
  let quickest = Infinity;
  for (let go = 0; go < GOES; go += 1) {
    const begun = performance.now();
    for (let n = 0; n < ROUNDS; n += 1) await work();
    quickest = Math.min(quickest, performance.now() - begun);
  }
  return (quickest * 1000) / ROUNDS;
}

const sign_us = await each(() => webcrypto.subtle.sign(algorithm, privateKey, message));
const verify_us = await each(() => webcrypto.subtle.verify(algorithm, publicKey, signature, message));
console.log(JSON.stringify({ sign_us, verify_us }));
