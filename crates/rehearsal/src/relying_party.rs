//! A relying party at its barest: pushes, exchanges, reads userinfo with `private_key_jwt` and PKCE. For benches and drills;
//! the demo service shows how a stranger would write one.

use crate::http::{Browser, HttpError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::random::Entropy;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_wire::jose::{Jwk, JwkSet, jws};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// A registered service with its key.
pub struct RelyingParty {
    /// Client identifier.
    pub id: String,
    /// The platform.
    pub issuer: String,
    /// Where answers come.
    pub redirect_uri: String,
    endpoints: Endpoints,
    key: SigningKey,
    kid: String,
}

/// Paths of a platform's endpoints.
#[derive(Clone, Copy, Debug)]
pub struct Endpoints {
    /// Pushed authorization requests.
    pub par: &'static str,
    /// Authorization.
    pub authorize: &'static str,
    /// Token.
    pub token: &'static str,
    /// Userinfo.
    pub userinfo: &'static str,
}

/// Lionrock's own.
const OURS: Endpoints =
    Endpoints { par: "/oauth/par", authorize: "/oauth/authorize", token: "/oauth/token", userinfo: "/oauth/userinfo" };

/// One login under way.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where to send the browser.
    pub authorize: String,
    /// PKCE verifier.
    pub verifier: String,
    /// What must come back.
    pub state: String,
    /// What must stand in the ID Token.
    pub nonce: String,
}

impl std::fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RelyingParty({})", self.id)
    }
}

impl RelyingParty {
    /// A service with a fresh ES256 key.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn new(id: &str, issuer: &str, redirect_uri: &str) -> Result<Self, lionrock_crypto::Error> {
        let key = SigningKey::generate(Algorithm::Es256)?;
        let kid = URL_SAFE_NO_PAD.encode(Jwk::ours(key.public()?, Algorithm::Es256).thumbprint());
        let [id, issuer, redirect_uri] = [id, issuer, redirect_uri].map(str::to_owned);
        Ok(Self { id, issuer, redirect_uri, endpoints: OURS, key, kid })
    }

    /// The same service at a platform with other paths.
    #[must_use]
    pub const fn at(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Its public keys, to be registered.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn jwks(&self) -> Result<String, lionrock_crypto::Error> {
        Ok(JwkSet::new(vec![Jwk::ours(self.key.public()?, Algorithm::Es256)]).to_json().to_string())
    }

    /// A fresh client assertion (RFC 7523), audience the issuer.
    ///
    /// # Errors
    /// When signing fails.
    pub fn assertion(&self, entropy: &dyn Entropy) -> Result<String, HttpError> {
        let now = now();
        let claims = json!({"iss": self.id, "sub": self.id, "aud": self.issuer, "iat": now, "nbf": now, "exp": now + 60,
                            "jti": random(entropy)});
        jws::sign(&self.key, &self.kid, "JWT", &claims).map_err(|error| HttpError::Address(error.to_string()))
    }

    /// Pushes an authorization request (RFC 9126).
    ///
    /// # Errors
    /// When it is refused; the text is the platform's answer.
    pub async fn push(&self, browser: &Browser, scope: &str, entropy: &dyn Entropy) -> Result<Attempt, HttpError> {
        let (verifier, state, nonce) = (random(entropy), random(entropy), random(entropy));
        let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        let form = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let pushed = self.call(browser, self.endpoints.par, &form, entropy).await?;
        let request_uri = member(&pushed, "request_uri")?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.id)
            .append_pair("request_uri", &request_uri)
            .finish();
        Ok(Attempt {
            authorize: format!("{}{}?{query}", self.issuer, self.endpoints.authorize),
            verifier,
            state,
            nonce,
        })
    }

    /// Exchanges the code in the address the browser came back with; answers the token response.
    ///
    /// # Errors
    /// When state or issuer are not the expected ones, or the exchange is refused.
    pub async fn exchange(
        &self,
        browser: &Browser,
        attempt: &Attempt,
        came_back: &url::Url,
        entropy: &dyn Entropy,
    ) -> Result<Value, HttpError> {
        let answer: BTreeMap<_, _> = came_back.query_pairs().into_owned().collect();
        let says = |name: &str| answer.get(name).map_or("", String::as_str);
        if says("state") != attempt.state || says("iss") != self.issuer {
            return Err(HttpError::Address(format!("came back with error {:?}", says("error"))));
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", says("code")),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        self.call(browser, self.endpoints.token, &form, entropy).await
    }

    /// Reads userinfo.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn userinfo(&self, browser: &Browser, token: &str) -> Result<Value, HttpError> {
        let bearer = format!("Bearer {token}");
        let url = format!("{}{}", self.issuer, self.endpoints.userinfo);
        let headers = [(http::header::AUTHORIZATION, bearer.as_str())];
        let reply = browser.send(http::Method::GET, &url, &headers, bytes::Bytes::new()).await?;
        if reply.status.is_success() { reply.json() } else { Err(refused("userinfo", &reply)) }
    }

    async fn call(
        &self,
        browser: &Browser,
        path: &str,
        form: &[(&str, &str)],
        entropy: &dyn Entropy,
    ) -> Result<Value, HttpError> {
        let assertion = self.assertion(entropy)?;
        let proof = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).extend_pairs(proof).finish();
        let headers = [(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")];
        let url = format!("{}{path}", self.issuer);
        let reply = browser.send(http::Method::POST, &url, &headers, body.into()).await?;
        if reply.status.is_success() { reply.json() } else { Err(refused(path, &reply)) }
    }
}

fn refused(asked: &str, reply: &crate::http::Reply) -> HttpError {
    let says: String = reply.text().chars().take(200).collect();
    HttpError::Connection(asked.to_owned(), format!("status {}: {says}", reply.status))
}

fn member(answer: &Value, name: &str) -> Result<String, HttpError> {
    let text = answer.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| HttpError::Address(format!("the answer has no {name}")))
}

fn random(entropy: &dyn Entropy) -> String {
    URL_SAFE_NO_PAD.encode(entropy.array::<32>())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a relying party has a clock of its own, on the other side of the socket"
)]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
