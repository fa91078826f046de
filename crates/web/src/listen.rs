//! The socket: our own accept loop, TLS 1.3 with the hybrid post-quantum exchange first, HTTP/1.1 and HTTP/2.
//!
//! A handshake is spawned, never awaited in the loop, and has ten seconds. A connection that sends its head slowly is dropped, so is one too many
//! of the same address. `stop` ends it gracefully: nothing new is accepted, what runs may finish within the grace.

mod certificate;
mod guests;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

pub use certificate::{Certificate, CertificateError};
use guests::Guests;

/// Who is at the other end of the connection; in the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// What one connection may take.
#[derive(Clone, Debug)]
pub struct ListenLimits {
    /// Connections at a time, all addresses together.
    pub connections: usize,
    /// Connections at a time of one address (IPv6: of one /64 network).
    pub connections_per_address: usize,
    /// From accepting to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a request, or from the end of the last one, to the end of its head.
    pub head: Duration,
    /// How long running requests may take once the server is told to stop.
    pub grace: Duration,
}

impl Default for ListenLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 256,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            grace: Duration::from_secs(10),
        }
    }
}

/// A bound socket that does not accept yet, so its port can be told before anything else starts.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody listens there already, most often a second copy of this program.
    #[error(
        "{0} is taken: another program, or a second copy of this one, listens there; stop it or choose another port"
    )]
    Taken(SocketAddr),
    /// Ports below 1024 need a right this process does not have.
    #[error("{0} may not be opened by this user; choose a port above 1023 or grant CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// Anything else the system said.
    #[error("cannot listen on {0}: {1}")]
    Io(SocketAddr, io::Error),
}

impl Listener {
    /// Binds `address`; port 0 lets the system choose.
    ///
    /// # Errors
    /// When the port is taken or may not be opened.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let socket = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ListenError::Taken(address),
            io::ErrorKind::PermissionDenied => ListenError::Forbidden(address),
            _ => ListenError::Io(address, error),
        })?;
        let address = socket.local_addr().map_err(|error| ListenError::Io(address, error))?;
        Ok(Self { socket, address })
    }

    /// Where it listens, with the port the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `router` over TLS until `stop` ends; returns when all connections have ended or the grace is over.
    pub async fn serve(
        self,
        router: Router,
        certificate: Arc<Certificate>,
        limits: ListenLimits,
        stop: impl Future<Output = ()>,
    ) {
        self.run(router, Some(TlsAcceptor::from(certificate.server_config())), limits, stop).await;
    }

    /// As [`Listener::serve`], without TLS: for what is signed itself and asked for by programs that cannot have a chain yet
    /// ([`routes::plain`](crate::routes::plain)), and for nothing else.
    pub async fn serve_plain(self, router: Router, limits: ListenLimits, stop: impl Future<Output = ()>) {
        self.run(router, None, limits, stop).await;
    }

    async fn run(
        self,
        router: Router,
        acceptor: Option<TlsAcceptor>,
        limits: ListenLimits,
        stop: impl Future<Output = ()>,
    ) {
        let guests = Guests::new(limits.connections, limits.connections_per_address);
        let graceful = GracefulShutdown::new();
        let http = Arc::new(http(&limits));
        let mut stop = pin!(stop);
        loop {
            let (stream, peer) = tokio::select! {
                () = &mut stop => break,
                accepted = self.socket.accept() => match accepted {
                    Ok(pair) => pair,
                    Err(error) => {
                        // Out of file handles, most often: wait for one to be given back instead of spinning.
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let Some(place) = guests.admit(peer.ip()) else { continue };
            let (acceptor, router, http) = (acceptor.clone(), router.clone(), Arc::clone(&http));
            let (handshake, watcher) = (limits.handshake, graceful.watcher());
            tokio::spawn(async move {
                let _place = place;
                let service =
                    hyper::service::service_fn(move |request: Request<Incoming>| answer(router.clone(), request, peer));
                let ended = match acceptor {
                    Some(acceptor) => {
                        let Some(tls) = shake_hands(&acceptor, stream, handshake).await else { return };
                        watcher.watch(http.serve_connection(TokioIo::new(tls), service).into_owned()).await
                    }
                    None => {
                        // Small answers go out at once.
                        drop(stream.set_nodelay(true));
                        watcher.watch(http.serve_connection(TokioIo::new(stream), service).into_owned()).await
                    }
                };
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
            });
        }
        drop(self.socket);
        let left = graceful.count();
        if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!(connections = left, "stopped before every connection had ended");
        }
    }
}

async fn shake_hands(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    limit: Duration,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    stream.set_nodelay(true).ok()?;
    match tokio::time::timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(tls)) => Some(tls),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    router.oneshot(request).await
}

fn http(limits: &ListenLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(64)
        .max_buf_size(32 * 1024)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024)
        .max_send_buf_size(256 * 1024)
        .max_pending_accept_reset_streams(20)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
