//! Logging in with OpenID Connect: discovery, a pushed request, PKCE, the code, the ID Token, userinfo.

use super::{CLIENT_ID, Demo, DemoError};
use crate::http::{Browser, HttpError};
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE};
use lionrock_wire::jose::{encode, jws};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType, CoreUserInfoClaims,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthorizationCode, ClientId, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// Somebody on their way to the platform and back.
#[derive(Debug)]
pub struct Pending {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Somebody who logged in.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedIn {
    /// Their name at this service.
    pub sub: String,
    /// How strongly they were authenticated.
    pub acr: String,
    /// What they released.
    pub userinfo: Value,
    /// The signed proof.
    pub id_token: String,
}

/// The one member of discovery that the crate does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Pushing {
    pushed_authorization_request_endpoint: String,
}

impl AdditionalProviderMetadata for Pushing {}

type Metadata = ProviderMetadata<
    Pushing,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

impl Demo {
    /// Starts a log-in: the address to send the browser to, the `state` it will come back with, and what to keep.
    pub(super) async fn begin(&self, client: &Browser, scopes: &[&str]) -> Result<(Url, String, Pending), DemoError> {
        let metadata = self.discover(client).await?;
        let endpoint = metadata.additional_metadata().pushed_authorization_request_endpoint.clone();
        let party = CoreClient::from_provider_metadata(metadata, ClientId::new(CLIENT_ID.to_owned()), None)
            .set_redirect_uri(self.redirect()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = party
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        let (mut url, state, nonce) = request.url();
        let request_uri = self.push(client, &endpoint, &url).await?;
        url.query_pairs_mut().clear().append_pair("client_id", CLIENT_ID).append_pair("request_uri", &request_uri);
        Ok((url, state.secret().clone(), Pending { nonce, verifier }))
    }

    /// Ends it: the parameters the browser came back with become a person, or a reason why not.
    pub(super) async fn finish(
        &self,
        client: &Browser,
        pending: Pending,
        answer: &BTreeMap<String, String>,
    ) -> Result<LoggedIn, DemoError> {
        // RFC 9207: an answer that does not say it is from our platform may be another's.
        if answer.get("iss") != Some(&self.issuer) {
            return Err(DemoError::Protocol("the answer is not from the platform".to_owned()));
        }
        if let Some(error) = answer.get("error") {
            return Err(DemoError::Protocol(error.clone()));
        }
        let code = answer.get("code").ok_or_else(|| DemoError::Protocol("the answer has no code".to_owned()))?;
        let party =
            CoreClient::from_provider_metadata(self.discover(client).await?, ClientId::new(CLIENT_ID.to_owned()), None)
                .set_redirect_uri(self.redirect()?);
        let carry = |request: HttpRequest| carry(client.clone(), request);
        let tokens = party
            .exchange_code(AuthorizationCode::new(code.clone()))
            .map_err(wrong)?
            .set_pkce_verifier(pending.verifier)
            .add_extra_param("client_assertion_type", JWT_BEARER)
            .add_extra_param("client_assertion", self.assertion()?)
            .request_async(&carry)
            .await
            .map_err(wrong)?;
        let id_token = tokens.id_token().ok_or_else(|| DemoError::Protocol("no ID Token came".to_owned()))?;
        let claims = id_token.claims(&party.id_token_verifier(), &pending.nonce).map_err(wrong)?;
        let userinfo: CoreUserInfoClaims = party
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(wrong)?
            .request_async(&carry)
            .await
            .map_err(wrong)?;
        Ok(LoggedIn {
            sub: claims.subject().to_string(),
            acr: claims.auth_context_ref().map(|acr| acr.to_string()).unwrap_or_default(),
            userinfo: serde_json::to_value(&userinfo).map_err(wrong)?,
            id_token: id_token.to_string(),
        })
    }

    async fn discover(&self, client: &Browser) -> Result<Metadata, DemoError> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(wrong)?;
        Metadata::discover_async(issuer, &|request: HttpRequest| carry(client.clone(), request)).await.map_err(wrong)
    }

    /// RFC 9126: the parameters go to the platform first, and a name for them into the browser.
    async fn push(&self, client: &Browser, endpoint: &str, url: &Url) -> Result<String, DemoError> {
        let form = url::form_urlencoded::Serializer::new(url.query().unwrap_or_default().to_owned())
            .append_pair("client_assertion_type", JWT_BEARER)
            .append_pair("client_assertion", &self.assertion()?)
            .finish();
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ACCEPT, "application/json")];
        let reply = client.send(Method::POST, endpoint, &headers, Bytes::from(form)).await?;
        let answer = reply.json()?;
        match answer.get("request_uri").and_then(Value::as_str) {
            Some(request_uri) if reply.status == http::StatusCode::CREATED => Ok(request_uri.to_owned()),
            _ => Err(DemoError::Protocol(format!("the request was not taken: {answer}"))),
        }
    }

    /// `private_key_jwt` (RFC 7523): a fresh statement under our key that we are we.
    pub(super) fn assertion(&self) -> Result<String, DemoError> {
        let now = now();
        let count = self.assertions.fetch_add(1, Ordering::Relaxed);
        let claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.issuer, "iat": now, "exp": now + 60, "jti": format!("{}.{count}", encode(&self.run)),
        });
        jws::sign(&self.key, &self.kid, "JWT", &claims).map_err(wrong)
    }

    fn redirect(&self) -> Result<RedirectUrl, DemoError> {
        RedirectUrl::new(self.redirect_uri()).map_err(wrong)
    }
}

/// The crate's requests over our small client.
async fn carry(client: Browser, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let (parts, body) = request.into_parts();
    let headers: Vec<_> =
        parts.headers.iter().filter_map(|(name, value)| Some((name.clone(), value.to_str().ok()?))).collect();
    let reply = client.send(parts.method.clone(), &parts.uri.to_string(), &headers, Bytes::from(body)).await?;
    let mut response = HttpResponse::new(reply.body.to_vec());
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}

#[expect(clippy::disallowed_methods, reason = "the demo service is another program with a clock of its own")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn wrong(error: impl Display) -> DemoError {
    DemoError::Protocol(error.to_string())
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
