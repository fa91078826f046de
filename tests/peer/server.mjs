// npm oidc-provider set up to do what `lionrock bench login` does, in memory and over TLS: pushed requests, private_key_jwt, PKCE, ES256
// ID Tokens, userinfo. It signs everybody in without a passkey and keeps nothing on disk, so it has less to do.
// Settings come as one JSON object in LIONROCK_PEER.
import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const settings = JSON.parse(process.env.LIONROCK_PEER);
const issuer = `https://localhost:${settings.port}`;
const signing = { ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "bench" };

const provider = new Provider(issuer, {
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
  cookies: { keys: ["only for this bench"] },
  features: { devInteractions: { enabled: false }, pushedAuthorizationRequests: { enabled: true }, userinfo: { enabled: true } },
  // The load generator sends an Origin header everywhere, as a browser would.
  clientBasedCORS: () => true,
  pkce: { required: () => true },
  ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 300 },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});

let people = 0;

async function interact(request, response) {
  const { prompt, params, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    people += 1;
    return provider.interactionFinished(request, response, { login: { accountId: `person-${people}` } }, { mergeWithLastSubmission: false });
  }
  const { session } = await provider.interactionDetails(request, response);
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope("openid");
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

const handle = provider.callback();
createServer({ cert: readFileSync(settings.chain), key: readFileSync(settings.key), minVersion: "TLSv1.3" }, (request, response) => {
  if (request.url === "/healthz") return response.end("alive");
  if (!request.url.startsWith("/interaction/")) return handle(request, response);
  interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}).listen(settings.port, "127.0.0.1");
