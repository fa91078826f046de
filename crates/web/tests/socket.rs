//! The socket itself: protocol versions, the post-quantum exchange, slow clients, a taken port, renewal, an orderly stop.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use lionrock_web::listen::{Certificate, CertificateError, ListenError, ListenLimits, Listener};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct House {
    address: SocketAddr,
    folder: tempfile::TempDir,
    root: CertificateDer<'static>,
    certificate: Arc<Certificate>,
    stop: Option<oneshot::Sender<()>>,
    done: tokio::task::JoinHandle<()>,
}

fn write_certificate(folder: &Path, key: &KeyPair) -> CertificateDer<'static> {
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(key).unwrap();
    fs::write(folder.join("chain.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

async fn open(key: &KeyPair, tls12: bool, limits: ListenLimits) -> House {
    let folder = tempfile::tempdir().unwrap();
    let root = write_certificate(folder.path(), key);
    let certificate =
        Certificate::from_files(&folder.path().join("chain.pem"), &folder.path().join("key.pem"), tls12).unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel();
    let router = Router::new().route("/", get(|| async { "good" })).route(
        "/slow",
        get(|| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "done"
        }),
    );
    let serving = listener.serve(router, Arc::clone(&certificate), limits, async {
        stopped.await.ok();
    });
    House { address, folder, root, certificate, stop: Some(stop), done: tokio::spawn(serving) }
}

async fn connect(
    house: &House,
    version: &'static rustls::SupportedProtocolVersion,
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(house.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(house.address).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok();
    answer
}

#[tokio::test]
async fn tls_13_with_the_post_quantum_exchange_and_nothing_older() {
    let house = open(&KeyPair::generate().unwrap(), false, ListenLimits::default()).await;
    let mut stream = connect(&house, &rustls::version::TLS13).await.unwrap();
    let group = stream.get_ref().1.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    assert!(ask(&mut stream, "/").await.ends_with("good"));
    assert!(connect(&house, &rustls::version::TLS12).await.is_err());
    let with_old = open(&KeyPair::generate().unwrap(), true, ListenLimits::default()).await;
    assert!(connect(&with_old, &rustls::version::TLS12).await.is_ok(), "only when it is asked for in writing");
}

#[tokio::test]
async fn an_rsa_certificate_can_be_chosen() {
    let house = open(&KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap(), false, ListenLimits::default()).await;
    assert!(ask(&mut connect(&house, &rustls::version::TLS13).await.unwrap(), "/").await.ends_with("good"));
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_faulty_one_is_not() {
    let mut house = open(&KeyPair::generate().unwrap(), false, ListenLimits::default()).await;
    assert!(!house.certificate.refresh().unwrap());
    fs::write(house.folder.path().join("key.pem"), "not a key").unwrap();
    let error = house.certificate.refresh().unwrap_err();
    assert!(matches!(error, CertificateError::Unreadable(..)), "{error}");
    assert!(connect(&house, &rustls::version::TLS13).await.is_ok(), "the old one stays in use");
    house.root = write_certificate(house.folder.path(), &KeyPair::generate().unwrap());
    assert!(house.certificate.refresh().unwrap());
    assert!(connect(&house, &rustls::version::TLS13).await.is_ok());
}

#[tokio::test]
async fn a_key_of_another_certificate_is_told_apart() {
    let house = open(&KeyPair::generate().unwrap(), false, ListenLimits::default()).await;
    fs::write(house.folder.path().join("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let again =
        Certificate::from_files(&house.folder.path().join("chain.pem"), &house.folder.path().join("key.pem"), false);
    assert!(matches!(again, Err(CertificateError::Mismatch(..))));
}

#[tokio::test]
async fn a_second_server_on_the_port_is_told_so() {
    let house = open(&KeyPair::generate().unwrap(), false, ListenLimits::default()).await;
    let error = Listener::bind(house.address).await.err().unwrap();
    assert!(matches!(error, ListenError::Taken(_)));
    assert!(error.to_string().contains("taken") && error.to_string().contains("choose another port"), "{error}");
}

#[tokio::test]
async fn silent_and_dripping_clients_are_dropped() {
    let short = Duration::from_millis(200);
    let limits = ListenLimits { handshake: short, head: short, ..ListenLimits::default() };
    let house = open(&KeyPair::generate().unwrap(), false, limits).await;
    let within = Duration::from_secs(3);
    // No handshake at all.
    let mut silent = TcpStream::connect(house.address).await.unwrap();
    let read = tokio::time::timeout(within, silent.read(&mut [0; 1])).await.expect("the server hangs up");
    assert!(matches!(read, Ok(0) | Err(_)));
    // A head that never ends.
    let mut dripping = connect(&house, &rustls::version::TLS13).await.unwrap();
    dripping.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    let drip = async {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if dripping.write_all(b"X: y\r\n").await.is_err() || dripping.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(within, drip).await.expect("the server hangs up");
    assert!(
        ask(&mut connect(&house, &rustls::version::TLS13).await.unwrap(), "/").await.ends_with("good"),
        "others are served"
    );
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_no_more() {
    let limits = ListenLimits { connections_per_address: 2, ..ListenLimits::default() };
    let house = open(&KeyPair::generate().unwrap(), false, limits).await;
    let first = connect(&house, &rustls::version::TLS13).await.unwrap();
    let _second = connect(&house, &rustls::version::TLS13).await.unwrap();
    assert!(connect(&house, &rustls::version::TLS13).await.is_err());
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(connect(&house, &rustls::version::TLS13).await.is_ok());
}

#[tokio::test]
async fn stopping_lets_running_requests_finish_and_accepts_no_new_ones() {
    let mut house = open(&KeyPair::generate().unwrap(), false, ListenLimits::default()).await;
    let mut stream = connect(&house, &rustls::version::TLS13).await.unwrap();
    let asked = tokio::spawn(async move { ask(&mut stream, "/slow").await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    house.stop.take().unwrap().send(()).unwrap();
    assert!(asked.await.unwrap().ends_with("done"));
    tokio::time::timeout(Duration::from_secs(3), house.done).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(house.address).await.is_err());
}
