//! One outgoing HTTP client for all systems we call: pinned authorities, bounded time and size, no redirects, and a rule
//! for the addresses it may reach, checked after the name is resolved.

mod fetch;
mod post;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;

/// How a system is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Scheme, host, port and path of the system.
    pub address: Uri,
    /// The authorities whose certificates are accepted (DER). Required for `https`; no public list is ever used.
    pub authorities: Vec<Vec<u8>>,
    /// Which network addresses may be reached.
    pub network: Network,
    /// From the call to the last byte of the answer, at most.
    pub time_limit: Duration,
    /// Bytes of an answer, at most.
    pub answer_limit: usize,
}

/// Which network addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Loopback only, also without TLS: stand-ins of test realms.
    Loopback,
    /// The agency's own network: any but loopback and link-local.
    Private,
    /// Public addresses only: systems that others name, such as services' callbacks.
    Public,
}

impl Network {
    /// Whether an address may be reached.
    #[must_use]
    pub fn admits(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let never = address.is_unspecified() || address.is_multicast();
        let near = address.is_loopback() || is_link_local(address);
        match self {
            Self::Loopback => address.is_loopback(),
            Self::Private => !never && !near,
            Self::Public => !never && !near && !is_private(address),
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}

/// Private and special ranges: RFC 1918, RFC 6598, RFC 5737, RFC 2544, 0/8, 240/4; RFC 4193, RFC 3849, RFC 6052 and 6to4.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_documentation()
                || v4.is_broadcast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (b == 18 || b == 19))
                || (a == 192 && b == 0)
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            first & 0xfe00 == 0xfc00
                || (first == 0x2001 && second == 0x0db8)
                || (first == 0x0064 && second == 0xff9b)
                || first == 0x2002
        }
    }
}

/// Why a client cannot be made: the configuration is at fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReachError {
    /// Only `https`; `http` for loopback alone.
    #[error("the address must be https (http is for loopback stand-ins of test realms): {0}")]
    Scheme(String),
    /// No authority is named for an `https` address.
    #[error("no certificate authority is named for {0}: give the file of the authority that issued its certificate")]
    NoAuthority(String),
    /// An authority is not a certificate.
    #[error("an authority named for {0} is not a certificate")]
    NotACertificate(String),
    /// The address is a number outside the network rule.
    #[error("the address {0} is outside the permitted network")]
    Network(String),
}

/// Why a call brought no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    /// Nothing came within the time limit.
    #[error("no answer within the time limit")]
    Late,
    /// No connection: refused, name unknown, certificate not of a pinned authority, or network not permitted.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// More bytes than the limit, or the connection broke.
    #[error("the answer broke off or is too long")]
    Broken,
    /// Another status than 200.
    #[error("answered with status {0}")]
    Status(u16),
}

/// A client for one system.
#[derive(Clone)]
pub struct Client {
    reach: Reach,
    pooled: Pooled<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.reach.address)
    }
}

impl Client {
    /// A client for the system that `reach` describes.
    ///
    /// # Errors
    /// What is wrong with the description.
    #[allow(clippy::disallowed_methods)] // this is the one place that opens connections
    pub fn new(reach: Reach) -> Result<Self, ReachError> {
        let named = || reach.address.to_string();
        let host = reach.address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let number: Option<IpAddr> = host.parse().ok();
        if number.is_some_and(|address| !reach.network.admits(address)) {
            return Err(ReachError::Network(named()));
        }
        match reach.address.scheme_str() {
            Some("https") if reach.authorities.is_empty() => return Err(ReachError::NoAuthority(named())),
            Some("https") => {}
            Some("http") if reach.network == Network::Loopback => {}
            _ => return Err(ReachError::Scheme(named())),
        }
        let mut roots = RootCertStore::empty();
        for authority in &reach.authorities {
            roots.add(CertificateDer::from(authority.clone())).map_err(|_| ReachError::NotACertificate(named()))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| ReachError::Scheme(named()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = HttpConnector::new_with_resolver(Resolver { network: reach.network });
        http.enforce_http(false);
        http.set_connect_timeout(Some(reach.time_limit));
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let pooled = Pooled::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(https);
        Ok(Self { reach, pooled })
    }

    /// Posts JSON and returns the body of a 200 answer. Redirects are not followed.
    ///
    /// # Errors
    /// See [`CallError`]; nothing of the request is in it.
    pub async fn post_json(&self, body: Vec<u8>) -> Result<Bytes, CallError> {
        tokio::time::timeout(self.reach.time_limit, self.exchange(body)).await.unwrap_or(Err(CallError::Late))
    }

    async fn exchange(&self, body: Vec<u8>) -> Result<Bytes, CallError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.reach.address.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| CallError::Broken)?;
        let answer = self.pooled.request(request).await.map_err(|error| CallError::NoConnection(cause(&error)))?;
        if answer.status() != StatusCode::OK {
            return Err(CallError::Status(answer.status().as_u16()));
        }
        let limited = Limited::new(answer.into_body(), self.reach.answer_limit);
        limited.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| CallError::Broken)
    }
}

/// The innermost cause, which is the one an operator can act on.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(deeper) = innermost.source() {
        innermost = deeper;
    }
    innermost.to_string()
}

/// Resolves names and drops every address outside the rule, so that a name cannot lead where a number may not.
#[derive(Clone, Copy, Debug)]
struct Resolver {
    network: Network,
}

impl tower_service::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let network = self.network;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let admitted: Vec<_> = found.filter(|address| network.admits(address.ip())).collect();
            if admitted.is_empty() {
                return Err(std::io::Error::other("the name leads to no permitted address"));
            }
            Ok(admitted.into_iter())
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn networks_admit_what_they_say() {
        let check = |network: Network, admitted: &[&str], refused: &[&str]| {
            for text in admitted {
                assert!(network.admits(text.parse().unwrap()), "{network:?} must admit {text}");
            }
            for text in refused {
                assert!(!network.admits(text.parse().unwrap()), "{network:?} must refuse {text}");
            }
        };
        check(
            Network::Loopback,
            &["127.0.0.1", "::1", "::ffff:127.0.0.1"],
            &["10.0.0.1", "8.8.8.8", "0.0.0.0", "fe80::1"],
        );
        check(
            Network::Private,
            &["10.1.2.3", "203.0.114.1", "fd00::1"],
            &["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "::ffff:169.254.169.254"],
        );
        check(
            Network::Public,
            &["1.1.1.1", "2606:4700::1"],
            &[
                "10.0.0.1",
                "172.16.0.1",
                "192.168.1.1",
                "100.64.0.1",
                "127.0.0.1",
                "169.254.169.254",
                "0.1.2.3",
                "224.0.0.1",
                "255.255.255.255",
                "::1",
                "fc00::1",
                "fe80::1",
                "::ffff:10.0.0.1",
                "2001:db8::1",
                "64:ff9b::a00:1",
                "2002:a00:1::",
            ],
        );
    }

    fn reach(address: &str, network: Network) -> Reach {
        Reach {
            address: address.parse().unwrap(),
            authorities: vec![],
            network,
            time_limit: Duration::from_secs(2),
            answer_limit: 100,
        }
    }

    #[test]
    fn plain_http_unpinned_tls_and_foreign_numbers_are_refused() {
        assert!(matches!(Client::new(reach("http://registry.example/", Network::Private)), Err(ReachError::Scheme(_))));
        assert!(matches!(
            Client::new(reach("https://registry.example/", Network::Private)),
            Err(ReachError::NoAuthority(_))
        ));
        assert!(matches!(Client::new(reach("http://10.0.0.1/", Network::Loopback)), Err(ReachError::Network(_))));
        assert!(matches!(Client::new(reach("ftp://127.0.0.1/", Network::Loopback)), Err(ReachError::Scheme(_))));
        assert!(matches!(
            Client::new(reach("http://[::ffff:10.0.0.1]/", Network::Loopback)),
            Err(ReachError::Network(_))
        ));
        assert!(Client::new(reach("http://127.0.0.1:1/", Network::Loopback)).is_ok());
    }

    #[tokio::test]
    async fn a_name_cannot_lead_where_a_number_may_not() {
        use tower_service::Service;
        let mut resolver = Resolver { network: Network::Public };
        assert!(resolver.call("localhost".parse().unwrap()).await.is_err());
        let mut resolver = Resolver { network: Network::Loopback };
        assert!(resolver.call("localhost".parse().unwrap()).await.is_ok());
    }

    #[tokio::test]
    async fn nobody_there_is_no_connection() {
        let client = Client::new(reach("http://127.0.0.1:9/", Network::Loopback)).unwrap();
        assert!(matches!(client.post_json(b"{}".to_vec()).await, Err(CallError::NoConnection(_))));
    }
}
