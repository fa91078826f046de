//! The demo service's sockets and routes. Beside its own pages it keeps the scriptable phone for HTTP drivers.

use super::relying_party::Pending;
use super::signing::{Asked, Signed};
use super::{Demo, DemoError, pages};
use crate::http::Browser;
use crate::officers::{self, OfficerBook};
use crate::people::Person;
use crate::phone;
use axum::Router;
use axum::extract::{Path as Place, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Sockets on both loopback addresses.
#[derive(Debug)]
pub struct Door {
    listeners: Vec<TcpListener>,
    port: u16,
}

impl Door {
    /// Takes a port; 0 takes any free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn bind(port: u16) -> std::io::Result<Self> {
        let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = first.local_addr()?.port();
        // Browsers may take either address for `localhost`; a machine without IPv6 has the first alone.
        let second = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await.ok();
        Ok(Self { listeners: std::iter::once(first).chain(second).collect(), port })
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The service's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Serves until `stopped` is done. `ca` is the authority the platform's certificate comes from; `chain` and `key` are PEM files
    /// of the service's own certificate.
    ///
    /// # Errors
    /// [`DemoError::Tls`] and [`DemoError::Files`] before the first connection.
    #[allow(clippy::too_many_arguments, reason = "what one demo is made of, named at its only call")]
    pub async fn serve(
        self,
        demo: Demo,
        phones: (phone::PhoneBook, Vec<Person>),
        officers: (OfficerBook, String),
        ca: impl AsRef<Path>,
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        stopped: impl Future<Output = ()>,
    ) -> Result<(), DemoError> {
        let client = Browser::new(&std::fs::read_to_string(ca)?)?;
        let acceptor = acceptor(chain.as_ref(), key.as_ref())?;
        let router = router(demo, phones, officers, client);
        let mut accepting = tokio::task::JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(listener, acceptor.clone(), router.clone()));
        }
        stopped.await;
        Ok(())
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(socket).await else { return };
            // A connection that breaks is the browser's affair.
            drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, DemoError> {
    let tls = |error: &dyn std::fmt::Display| DemoError::Tls(error.to_string());
    let chain: Vec<_> = CertificateDer::pem_file_iter(chain)
        .map_err(|error| tls(&error))?
        .collect::<Result<_, _>>()
        .map_err(|error| tls(&error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| tls(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| tls(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What was asked for, and what came of it.
type Signing = (Asked, Option<Signed>);

#[derive(Clone)]
struct Service {
    client: Browser,
    demo: Demo,
    pending: Arc<Mutex<BTreeMap<String, Pending>>>,
    /// Requests for signatures by the state they come back with, and what came of them.
    signing: Arc<Mutex<BTreeMap<String, Signing>>>,
}

fn router(
    demo: Demo,
    phones: (phone::PhoneBook, Vec<Person>),
    officers: (OfficerBook, String),
    client: Browser,
) -> Router {
    let phone = phone::door(phones.0, phones.1, &demo.issuer, client.fresh());
    let officers = officers::door(officers.0, &officers.1, client.fresh());
    let service = Service { client, demo, pending: Arc::default(), signing: Arc::default() };
    Router::new()
        .route("/", get(async || Html(pages::home())))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css")], pages::STYLE)))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/sign", get(sign))
        .route("/signed", get(signed))
        .route("/signed/{state}/{file}", get(signed_file))
        .with_state(service)
        .merge(phone)
        .merge(officers)
}

/// Pushes a request and sends the browser to the platform. The cookie ties the answer to this browser.
async fn login(State(service): State<Service>, Query(wish): Query<BTreeMap<String, String>>) -> Response {
    let shares = wish.get("share").is_some_and(|share| share == "profile");
    let scopes: &[&str] = if shares { &["profile", "email"] } else { &[] };
    match service.demo.begin(&service.client.fresh(), scopes).await {
        Ok((url, state, pending)) => {
            let cookie = format!("{COOKIE}={state}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900");
            let mut all = service.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= MOST_PENDING {
                all.clear();
            }
            all.insert(state, pending);
            ([(header::SET_COOKIE, cookie)], Redirect::to(url.as_str())).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, Html(pages::refused(&error.to_string()))).into_response(),
    }
}

/// Asks for a signature and sends the browser to the platform.
async fn sign(State(service): State<Service>) -> Response {
    let state: String = service.demo.fresh_state();
    match service.demo.ask_signature(&service.client.fresh(), &state).await {
        Ok(asked) => {
            let cookie = format!("{COOKIE}={state}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900");
            let to = asked.sign_at.clone();
            let mut all = service.signing.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() >= MOST_PENDING {
                all.clear();
            }
            all.insert(state, (asked, None));
            ([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, Html(pages::refused(&error.to_string()))).into_response(),
    }
}

/// The browser is back from signing.
async fn signed(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(answer): Query<BTreeMap<String, String>>,
) -> Response {
    let state = answer.get("state").cloned().unwrap_or_default();
    let own = cookie(&headers).is_some_and(|cookie| cookie == state);
    let asked =
        service.signing.lock().unwrap_or_else(PoisonError::into_inner).get(&state).map(|(asked, _)| asked.clone());
    let Some(asked) = asked.filter(|_| own) else {
        return (StatusCode::FORBIDDEN, Html(pages::refused("this answer belongs to no request of this browser")))
            .into_response();
    };
    if answer.get("outcome").map(String::as_str) != Some("signed") {
        return Html(pages::refused("access_denied")).into_response();
    }
    match service.demo.fetch_signed(&service.client.fresh(), &asked).await {
        Ok(signed) => {
            let page = pages::signed(&state, &asked.check_code);
            service.signing.lock().unwrap_or_else(PoisonError::into_inner).insert(state, (asked, Some(signed)));
            Html(page).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, Html(pages::refused(&error.to_string()))).into_response(),
    }
}

/// The signed document, or its evidence, for the browser that asked.
async fn signed_file(
    State(service): State<Service>,
    headers: HeaderMap,
    Place((state, file)): Place<(String, String)>,
) -> Response {
    let own = cookie(&headers).is_some_and(|cookie| cookie == state);
    let all = service.signing.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(signed) = all.get(&state).filter(|_| own).and_then(|(_, signed)| signed.as_ref()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match file.as_str() {
        "signed.pdf" => ([(header::CONTENT_TYPE, "application/pdf")], signed.document.clone()).into_response(),
        "evidence.json" => ([(header::CONTENT_TYPE, "application/json")], signed.evidence.clone()).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The browser is back. Programs that ask for JSON get the outcome as JSON.
async fn callback(
    State(service): State<Service>,
    headers: HeaderMap,
    Query(answer): Query<BTreeMap<String, String>>,
) -> Response {
    let state = answer.get("state").cloned().unwrap_or_default();
    let own = cookie(&headers).is_some_and(|cookie| cookie == state);
    let pending = service.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&state);
    let outcome = match pending.filter(|_| own) {
        Some(pending) => service.demo.finish(&service.client.fresh(), pending, &answer).await,
        None => Err(DemoError::Protocol("this answer belongs to no log-in of this browser: start again".to_owned())),
    };
    let json = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    match outcome {
        Ok(person) if json => axum::Json(serde_json::json!(person)).into_response(),
        Ok(person) => Html(pages::welcome(&person)).into_response(),
        Err(error) if json => {
            (StatusCode::FORBIDDEN, axum::Json(serde_json::json!({"error": error.to_string()}))).into_response()
        }
        Err(error) => (StatusCode::FORBIDDEN, Html(pages::refused(&error.to_string()))).into_response(),
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

const COOKIE: &str = "__Host-demo-login";
/// People on their way at one time; a demo has few.
const MOST_PENDING: usize = 1_000;
