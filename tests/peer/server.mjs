// npm oidc-provider set up to do what `lionrock bench login` does; README.md says what each side does.
// Settings come as one JSON object in LIONROCK_PEER. With `store` (a folder) it does the whole job: artefacts on disk before an answer,
// passkeys checked, as many processes as asked. Without, it keeps everything in memory and signs everybody in.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const settings = JSON.parse(process.env.LIONROCK_PEER);
const issuer = `https://localhost:${settings.port}`;

if (cluster.isPrimary) {
  const signing = { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" };
  if (settings.store) {
    const [{ open }, { enrol }] = [await import("./store.mjs"), await import("./passkey.mjs")];
    const db = open(`${settings.store}/peer.db`);
    await enrol(db, settings.people, issuer);
    db.close();
  }
  if (settings.processes > 1) {
    for (let n = 0; n < settings.processes; n += 1) cluster.fork({ LIONROCK_PEER_KEY: JSON.stringify(signing) });
    cluster.on("exit", () => process.exit(1));
  } else {
    await serve(signing);
  }
} else {
  await serve(JSON.parse(process.env.LIONROCK_PEER_KEY));
}

async function serve(signing) {
  const secret = "only for this bench";
  const durable = settings.store ? await disk() : undefined;
  const provider = new Provider(issuer, {
    adapter: durable?.adapter,
    clients: [
      {
        client_id: settings.client_id,
        redirect_uris: [settings.redirect_uri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
        id_token_signed_response_alg: "ES256",
        jwks: settings.jwks,
      },
    ],
    jwks: { keys: [signing] },
    cookies: { keys: [secret] },
    features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true }, userinfo: { enabled: true } },
    // The load generator sends an Origin header everywhere, as a browser would.
    clientBasedCORS: () => true,
    pkce: { required: () => true },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 300 },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  });
  const interact = durable ? withPasskey(provider, durable, secret) : atOnce(provider);
  const handle = provider.callback();
  createServer({ cert: readFileSync(settings.chain), key: readFileSync(settings.key), minVersion: "TLSv1.3" }, (request, response) => {
    if (request.url === "/healthz") return response.end("alive");
    if (!request.url.startsWith("/interaction/")) return handle(request, response);
    interact(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  }).listen(settings.port, "127.0.0.1");
}

/** The store and what stands in it beside oidc-provider's own artefacts. */
async function disk() {
  const [{ adapter, open, writer }, passkeys] = [await import("./store.mjs"), await import("./passkey.mjs")];
  const db = open(`${settings.store}/peer.db`);
  const write = writer(`${settings.store}/peer.db`);
  const find = db.prepare("SELECT grant_id FROM approval WHERE account = ? AND client = ?");
  return {
    adapter: adapter(db, write),
    approved: (account, client) => find.get(account, client)?.grant_id,
    challenge: passkeys.challenge,
    verify: passkeys.verifier(db, issuer),
    write,
  };
}

/** The page, the options and the answer of one passkey ceremony that signs in and approves, as on the other side. */
function withPasskey(provider, durable, secret) {
  return async (request, response) => {
    const asked = await provider.interactionDetails(request, response);
    const own = `/interaction/${asked.uid}`;
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(page(asked.params.client_id, own));
    }
    if (request.url.endsWith("/options")) {
      return json(response, { challenge: durable.challenge(secret, asked), rpId: "localhost", timeout: 300000, userVerification: "required", allowCredentials: [] });
    }
    const { account, used } = await durable.verify(JSON.parse(await body(request)), durable.challenge(secret, asked));
    const client = asked.params.client_id;
    let grantId = durable.approved(account, client);
    const earlier = grantId && (await provider.Grant.find(grantId));
    if (!earlier) {
      // An approval is kept once, as on the other side.
      const grant = new provider.Grant({ accountId: account, clientId: client });
      grant.addOIDCScope("openid");
      grantId = await grant.save();
    }
    const noted = Promise.all([durable.write("used", ...used), earlier ? 1 : durable.write("approve", account, client, grantId)]);
    const result = { login: { accountId: account }, consent: { grantId } };
    const [[changes], next] = await Promise.all([noted, provider.interactionResult(request, response, result, { mergeWithLastSubmission: false })]);
    if (changes !== 1) throw new Error("the passkey was used elsewhere at the same moment");
    return json(response, { next });
  };
}

/** Signs everybody in and approves for them. */
function atOnce(provider) {
  let people = 0;
  return async (request, response) => {
    const { params } = await provider.interactionDetails(request, response);
    people += 1;
    const account = `person-${people}`;
    const grant = new provider.Grant({ accountId: account, clientId: params.client_id });
    grant.addOIDCScope("openid");
    const result = { login: { accountId: account }, consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
}

function page(client, own) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in</title></head><body><main><h1>Log in to ${client}</h1>
<p>Your passkey signs you in and approves this.</p>
<form data-passkey="get" data-options="${own}/options" data-result="${own}"><button>Continue</button></form></main></body></html>`;
}

function json(response, value) {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}
