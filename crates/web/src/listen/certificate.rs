//! The server's certificate and key from PEM files (EC or RSA), watched and exchanged while running.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate chain and its key, read from files and read again when they change.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    tls12: bool,
    current: RwLock<(Arc<CertifiedKey>, Option<SystemTime>)>,
}

/// Why certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file cannot be read, or is not PEM.
    #[error("{0} is not a readable PEM file: {1}")]
    Unreadable(PathBuf, String),
    /// The chain file holds no certificate.
    #[error("{0} holds no certificate; it must start with the server's own")]
    Empty(PathBuf),
    /// The key is of a kind TLS 1.3 does not know, or does not belong to the certificate.
    #[error("the key in {0} does not fit the certificate: {1}")]
    Mismatch(PathBuf, rustls::Error),
}

impl Certificate {
    /// Reads both files. `tls12` admits TLS 1.2 too, for a proxy that knows no better; otherwise TLS 1.3 only.
    ///
    /// # Errors
    /// When a file cannot be read or the two do not belong together.
    pub fn from_files(chain: &Path, key: &Path, tls12: bool) -> Result<Arc<Self>, CertificateError> {
        let current = RwLock::new((load(chain, key)?, changed(chain, key)));
        Ok(Arc::new(Self { chain: chain.to_owned(), key: key.to_owned(), tls12, current }))
    }

    /// Reads the files again when either changed since the last look; call it every minute or on a signal. True when exchanged.
    ///
    /// # Errors
    /// When the new files are faulty; the old certificate stays in use.
    pub fn refresh(&self) -> Result<bool, CertificateError> {
        let now = changed(&self.chain, &self.key);
        if self.current.read().unwrap_or_else(PoisonError::into_inner).1 == now {
            return Ok(false);
        }
        let fresh = load(&self.chain, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = (fresh, now);
        Ok(true)
    }

    /// What the handshake uses: hybrid X25519MLKEM768 first, no session tickets that outlive a restart, ALPN h2 and http/1.1.
    pub(super) fn server_config(self: Arc<Self>) -> Arc<ServerConfig> {
        let versions: &[&rustls::SupportedProtocolVersion] =
            if self.tls12 { &[&rustls::version::TLS13, &rustls::version::TLS12] } else { &[&rustls::version::TLS13] };
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions);
        // The provider knows both versions, so this cannot fail; the default configuration is the same with TLS 1.2 added.
        let builder = builder.unwrap_or_else(|_| ServerConfig::builder());
        let mut config = builder.with_no_client_auth().with_cert_resolver(self);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

fn load(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error: rustls_pki_types::pem::Error| CertificateError::Unreadable(path, error.to_string())
    };
    let certificates = CertificateDer::pem_file_iter(chain).map_err(unreadable(chain))?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unreadable(chain))?;
    if certificates.is_empty() {
        return Err(CertificateError::Empty(chain.to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let certified = CertifiedKey::from_der(certificates, secret, &aws_lc_rs::default_provider());
    Ok(Arc::new(certified.map_err(|error| CertificateError::Mismatch(key.to_owned(), error))?))
}

fn changed(chain: &Path, key: &Path) -> Option<SystemTime> {
    let of = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    of(chain).max(of(key))
}
