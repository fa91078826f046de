// HPKE (RFC 9180) base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, on the browser's own cryptography.
// One message a key: a picture is sealed to the key of the one program that may look at it.

const text = new TextEncoder();
const EMPTY = new Uint8Array();
const KEM = concat(text.encode("KEM"), number(0x0020, 2));
export const AES_256_GCM = { id: 0x0002, key: 32 };

// Whether this browser can seal at all (X25519 came to browsers in 2023 to 2025).
export async function available() {
  try {
    await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]);
    return true;
  } catch {
    return false;
  }
}

// Seals `plain` to the raw public key; returns the encapsulated key (32 bytes) followed by ciphertext and tag.
// `ephemeral` and `aead` are given by tests only, to repeat published vectors.
export async function seal(publicKey, info, aad, plain, ephemeral, aead = AES_256_GCM) {
  const receiver = await crypto.subtle.importKey("raw", publicKey, { name: "X25519" }, false, []);
  const pair = ephemeral ?? (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]));
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: receiver }, pair.privateKey, 256));
  // RFC 9180 section 7.1.4: a shared secret of zeros means a public key of small order.
  if (dh.every((byte) => byte === 0)) throw new Error("the public key cannot be used");
  const shared = await sharedSecret(dh, enc, publicKey);
  const { key, nonce } = await schedule(shared, info, aead);
  const secret = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, secret, plain);
  return concat(enc, new Uint8Array(sealed));
}

// Section 4.1: ExtractAndExpand of DHKEM.
async function sharedSecret(dh, enc, receiver) {
  const prk = await extract(KEM, EMPTY, "eae_prk", dh);
  return expand(KEM, prk, "shared_secret", concat(enc, receiver), 32);
}

// Section 5.1: the key schedule of base mode. Both lengths fit one block of HKDF-SHA256.
async function schedule(shared, info, aead) {
  const suite = concat(text.encode("HPKE"), number(0x0020, 2), number(0x0001, 2), number(aead.id, 2));
  const pskId = await extract(suite, EMPTY, "psk_id_hash", EMPTY);
  const infoHash = await extract(suite, EMPTY, "info_hash", info);
  const context = concat(Uint8Array.of(0), pskId, infoHash);
  const secret = await extract(suite, shared, "secret", EMPTY);
  return {
    key: await expand(suite, secret, "key", context, aead.key),
    nonce: await expand(suite, secret, "base_nonce", context, 12),
  };
}

// Section 4: LabeledExtract and LabeledExpand.
function extract(suite, salt, label, material) {
  return hmac(salt, concat(text.encode("HPKE-v1"), suite, text.encode(label), material));
}

async function expand(suite, prk, label, info, length) {
  const labelled = concat(number(length, 2), text.encode("HPKE-v1"), suite, text.encode(label), info);
  return (await hmac(prk, concat(labelled, Uint8Array.of(1)))).slice(0, length);
}

async function hmac(key, message) {
  // An empty salt is a key of zeros (RFC 5869 section 2.2); browsers refuse to import an empty key.
  const raw = key.length ? key : new Uint8Array(32);
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

function number(value, length) {
  return Uint8Array.from({ length }, (_, index) => (value >>> (8 * (length - 1 - index))) & 255);
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function fromBase64url(encoded) {
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
