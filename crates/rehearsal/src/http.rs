//! A small HTTPS client that behaves like one browser: trusts one authority, keeps cookies, sends forms and JSON as pages do,
//! follows redirects when told to. For rehearsals and tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT,
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(150);
const LARGEST: usize = 32 * 1024 * 1024;
const MOST_REDIRECTS: usize = 10;
const AGENT: &str = "Mozilla/5.0 (Linux; Android 16) Lionrock-Rehearsal Chrome/142.0 Mobile Safari/537.36";

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is none, or names no host.
    #[error("not an address: {0}")]
    Address(String),
    /// The authority's PEM holds no certificate.
    #[error("the authority's certificate cannot be read")]
    Authority,
    /// No connection, no trust, or the connection broke.
    #[error("no answer from {0}: {1}")]
    Connection(String, String),
    /// The reply was too long or too late.
    #[error("the reply of {0} is too long or too late")]
    Reply(String),
    /// More redirects than a browser follows.
    #[error("redirected too often")]
    Redirects,
    /// The reply is not JSON.
    #[error("the reply of {0} is not JSON (status {1})")]
    NotJson(String, StatusCode),
}

/// One browser: its trust, its cookies.
#[derive(Clone)]
pub struct Browser {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    memory: Arc<Mutex<Memory>>,
    follow: bool,
    language: String,
}

#[derive(Default)]
struct Memory {
    /// By host, as browsers do: ports share cookies.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// By origin: the token its pages carry for forms.
    tokens: BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Where it came from, after redirects.
    pub url: Url,
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Reply {
    /// The body as text; odd bytes replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`HttpError::NotJson`].
    pub fn json(&self) -> Result<serde_json::Value, HttpError> {
        serde_json::from_slice(&self.body).map_err(|_| HttpError::NotJson(self.url.to_string(), self.status))
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Where it redirects to, as a whole address.
    #[must_use]
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.header(LOCATION.as_str())?).ok()
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Browser(…)")
    }
}

impl Browser {
    /// A browser with no cookies that trusts only this authority (PEM).
    ///
    /// # Errors
    /// [`HttpError::Authority`].
    pub fn new(authority_pem: &str) -> Result<Self, HttpError> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority_pem.as_bytes()) {
            let certificate = certificate.map_err(|_| HttpError::Authority)?;
            roots.add(certificate).map_err(|_| HttpError::Authority)?;
        }
        if roots.is_empty() {
            return Err(HttpError::Authority);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| HttpError::Authority)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        #[expect(
            clippy::disallowed_methods,
            reason = "a rehearsal plays the browser of a resident, on the other side of the socket"
        )]
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, memory: Arc::default(), follow: true, language: "en".to_owned() })
    }

    /// The same trust and connections, without cookies: another person's browser.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { memory: Arc::default(), ..self.clone() }
    }

    /// The same browser, cookies shared, that shows redirects instead of following them.
    #[must_use]
    pub fn without_redirects(&self) -> Self {
        Self { follow: false, ..self.clone() }
    }

    /// The same browser, asking for pages in this language.
    #[must_use]
    pub fn in_language(&self, tag: &str) -> Self {
        Self { language: tag.to_owned(), ..self.clone() }
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, url: &str, name: &str) -> Option<String> {
        let host = Url::parse(url).ok()?.host_str()?.to_owned();
        self.memory().cookies.get(&host)?.get(name).cloned()
    }

    /// Sets a cookie by hand, as an attacker who reached the machine would.
    pub fn set_cookie(&self, url: &str, name: &str, value: &str) {
        if let Some(host) = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)) {
            self.memory().cookies.entry(host).or_default().insert(name.to_owned(), value.to_owned());
        }
    }

    /// A page.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn get(&self, url: &str) -> Result<Reply, HttpError> {
        self.send(Method::GET, url, &[(ACCEPT, "text/html,application/json;q=0.9")], Bytes::new()).await
    }

    /// A form, with the token of the site's last page added.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let token = self.token(url);
        // Made in a block: the serializer cannot wait with us for the answer.
        let body = {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            if let Some(token) = &token {
                form.append_pair("csrf", token);
            }
            form.finish()
        };
        let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded"), (ACCEPT, "text/html")];
        self.send(Method::POST, url, &headers, Bytes::from(body)).await
    }

    /// JSON, as a script of the page sends it.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post_json(&self, url: &str, body: &serde_json::Value) -> Result<Reply, HttpError> {
        let headers = [(CONTENT_TYPE, "application/json"), (ACCEPT, "application/json")];
        self.send(Method::POST, url, &headers, Bytes::from(body.to_string())).await
    }

    /// Bytes, as a script of the page sends them.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn put_bytes(&self, url: &str, body: Vec<u8>) -> Result<Reply, HttpError> {
        let headers = [(CONTENT_TYPE, "application/octet-stream"), (ACCEPT, "application/json")];
        self.send(Method::PUT, url, &headers, Bytes::from(body)).await
    }

    /// Any request; redirects are followed by GET when this browser follows them.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(HeaderName, &str)],
        body: Bytes,
    ) -> Result<Reply, HttpError> {
        let mut reply = self.once(method, parse(url)?, headers, body).await?;
        let mut turns = 0;
        while self.follow && reply.status.is_redirection() {
            let Some(next) = reply.location() else { break };
            turns += 1;
            if turns > MOST_REDIRECTS {
                return Err(HttpError::Redirects);
            }
            reply = self.once(Method::GET, next, &[(ACCEPT, "text/html")], Bytes::new()).await?;
        }
        Ok(reply)
    }

    async fn once(
        &self,
        method: Method,
        url: Url,
        headers: &[(HeaderName, &str)],
        body: Bytes,
    ) -> Result<Reply, HttpError> {
        let shown = url.to_string();
        let broken = |error: &dyn std::fmt::Display| HttpError::Connection(shown.clone(), error.to_string());
        let mut without_fragment = url.clone();
        without_fragment.set_fragment(None);
        let mut request = Request::builder().method(&method).uri(without_fragment.as_str());
        request = request.header(USER_AGENT, AGENT).header(ACCEPT_LANGUAGE, &self.language);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        if let Some(line) = self.cookie_line(&url) {
            request = request.header(COOKIE, line);
        }
        if method != Method::GET && method != Method::HEAD {
            request = request.header(ORIGIN, origin(&url));
            if let Some(token) = self.token(url.as_str()) {
                request = request.header("x-csrf-token", token);
            }
        }
        let request = request.body(Full::new(body)).map_err(|error| broken(&error))?;
        let work = async {
            let response = self.client.request(request).await.map_err(|error| {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                broken(&format!("{error}{cause}"))
            })?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await.map_err(|_| HttpError::Reply(shown.clone()))?;
            Ok(Reply { url: url.clone(), status: parts.status, headers: parts.headers, body: body.to_bytes() })
        };
        let reply = tokio::time::timeout(TIMEOUT, work).await.map_err(|_| HttpError::Reply(shown.clone()))??;
        self.remember(&reply);
        Ok(reply)
    }

    fn remember(&self, reply: &Reply) {
        let Some(host) = reply.url.host_str() else { return };
        let mut memory = self.memory();
        for line in reply.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let gone = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            let jar = memory.cookies.entry(host.to_owned()).or_default();
            if gone {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let is_page = reply.header(CONTENT_TYPE.as_str()).is_none_or(|kind| kind.starts_with("text/html"));
        if let Some(token) = is_page.then(|| token_of(&reply.text())).flatten() {
            memory.tokens.insert(origin(&reply.url), token);
        }
    }

    fn token(&self, url: &str) -> Option<String> {
        self.memory().tokens.get(&origin(&Url::parse(url).ok()?)).cloned()
    }

    fn cookie_line(&self, url: &Url) -> Option<HeaderValue> {
        let memory = self.memory();
        let jar = memory.cookies.get(url.host_str()?)?;
        let line = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        HeaderValue::from_str(&line).ok()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(url: &str) -> Result<Url, HttpError> {
    Url::parse(url).ok().filter(Url::has_host).ok_or_else(|| HttpError::Address(url.to_owned()))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The token in `<meta name="csrf" content="…">`.
fn token_of(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("<meta name=\"csrf\" content=\"")?;
    rest.split_once('"').map(|(token, _)| token.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::authority::{Authority, ServerKey};
    use rustls_pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn server(identity: crate::authority::Identity) -> String {
        let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let Ok(mut socket) = acceptor.accept(socket).await else { continue };
                let mut buffer = vec![0; 8192];
                let read = socket.read(&mut buffer).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let answer = if request.starts_with("GET /set ") {
                    "HTTP/1.1 303 See Other\r\nlocation: /\r\nset-cookie: __Host-a=1; Path=/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
                } else {
                    let body = format!("<meta name=\"csrf\" content=\"tok\">{request}");
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                };
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.shutdown().await;
            }
        });
        format!("https://localhost:{port}")
    }

    #[tokio::test]
    async fn a_browser_trusts_its_authority_only_and_keeps_cookies() {
        let today = jiff::civil::date(2026, 11, 23);
        let names = ["localhost", "127.0.0.1"];
        let authority = Authority::create(&names, today).unwrap();
        let stranger = Authority::create(&names, today).unwrap();
        let again =
            Authority::reopen(&names, authority.certificate_pem(), &authority.key_pem(), today.tomorrow().unwrap())
                .unwrap();
        for identity in [
            authority.server(&names, ServerKey::EcdsaP256, today).unwrap(),
            again.server(&names, ServerKey::Rsa2048, today).unwrap(),
        ] {
            let base = server(identity).await;
            let browser = Browser::new(authority.certificate_pem()).unwrap();
            let reply = browser.get(&format!("{base}/set")).await.unwrap();
            assert!(reply.status.is_success() && reply.text().contains("cookie: __Host-a=1"));
            let form = browser.post_form(&format!("{base}/form"), &[("a", "b c")]).await.unwrap().text();
            assert!(
                form.contains("a=b+c&csrf=tok")
                    && form.contains("x-csrf-token: tok")
                    && form.contains(&format!("origin: {base}"))
            );
            let shown = browser.fresh().without_redirects().get(&format!("{base}/set")).await.unwrap();
            assert_eq!(shown.location().unwrap().as_str(), format!("{base}/"));
            assert!(Browser::new(stranger.certificate_pem()).unwrap().get(&base).await.is_err());
        }
    }

    #[tokio::test]
    async fn the_authority_vouches_for_its_own_names_only() {
        let today = jiff::civil::date(2026, 11, 23);
        let authority = Authority::create(&["id.example.test"], today).unwrap();
        let base = server(authority.server(&["localhost"], ServerKey::EcdsaP256, today).unwrap()).await;
        assert!(Browser::new(authority.certificate_pem()).unwrap().get(&base).await.is_err());
    }
}
