// Passkeys with @simplewebauthn/server: what a relying party does with them, and where it keeps them.
import { createHash, createHmac } from "node:crypto";
import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";

/** Checks and keeps the passkeys of the people who will log in. */
export async function enrol(db, people, issuer) {
  const keep = db.prepare("INSERT INTO passkey (id, account, public_key, counter) VALUES (?, ?, ?, ?)");
  for (const { account, challenge, response } of people) {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: issuer,
      expectedRPID: "localhost",
    });
    if (!verified) throw new Error("a passkey was not accepted");
    const { id, publicKey, counter } = registrationInfo.credential;
    keep.run(id, account, Buffer.from(publicKey), counter);
  }
}

/** The challenge of an interaction: bound to it and to what is shown, so nothing has to be kept for it. */
export function challenge(secret, { uid, params }) {
  const shown = JSON.stringify({ client: params.client_id, scope: params.scope });
  const random = createHmac("sha256", secret).update(uid).digest();
  const digest = createHash("sha256").update(random).update(shown).digest();
  return Buffer.concat([random, digest]).toString("base64url");
}

/** Verifies an assertion with user verification; answers the account and what notes the new counter. */
export function verifier(db, issuer) {
  const find = db.prepare("SELECT id, account, public_key, counter FROM passkey WHERE id = ?");
  return async (response, expectedChallenge) => {
    const known = find.get(response.id);
    if (!known) throw new Error("unknown passkey");
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      expectedOrigin: issuer,
      expectedRPID: "localhost",
      credential: { id: known.id, publicKey: known.public_key, counter: known.counter },
      requireUserVerification: true,
    });
    if (!verified) throw new Error("the passkey's answer was not accepted");
    return { account: known.account, used: [authenticationInfo.newCounter, known.id, known.counter] };
  };
}
