//! The demo online service: a library that lets people log in with Lionrock, written as a stranger would write it, with the
//! `openidconnect` crate and the published standards alone. It knows nothing of Lionrock but its address.
//!
//! The crate knows no pushed requests (RFC 9126) and no `private_key_jwt`, so [`relying_party`] adds these two by hand: the way
//! any service with an ordinary library can speak FAPI 2.0.

mod door;
mod pages;
mod relying_party;
mod signing;

pub use door::Door;

use crate::http::HttpError;
use lionrock_crypto::random::Entropy;
use lionrock_crypto::sign::{Algorithm, SigningKey};
use lionrock_model::id::ServiceId;
use lionrock_model::policy::Field;
use lionrock_model::service::{Authentication, Declaration, Profile, Wanted, Words};
use lionrock_wire::jose::{Jwk, JwkSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use thiserror::Error;

/// The client identifier the demo service is registered under.
pub const CLIENT_ID: &str = "demo-service";

/// The service before it serves: its key and where it is.
#[derive(Clone, Debug)]
pub struct Demo {
    assertions: Arc<AtomicU64>,
    id: ServiceId,
    issuer: String,
    jwks: String,
    key: Arc<SigningKey>,
    kid: String,
    port: u16,
    /// Random; with the count of `assertions` it makes their ids.
    run: [u8; 16],
}

/// Why the demo service does not start or cannot log anybody in.
#[derive(Debug, Error)]
pub enum DemoError {
    /// A file cannot be read or written.
    #[error("the demo service's files: {0}")]
    Files(#[from] std::io::Error),
    /// The platform does not answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The key cannot be made or used.
    #[error("the demo service's key: {0}")]
    Key(#[from] lionrock_crypto::Error),
    /// The platform's answer is not what the standards promise; what was wrong.
    #[error("{0}")]
    Protocol(String),
    /// Certificate or key of the server cannot be used.
    #[error("the demo service's certificate cannot be used: {0}")]
    Tls(String),
}

impl Demo {
    /// Reads the service's key from `folder`, or makes one there.
    ///
    /// # Errors
    /// [`DemoError::Files`] and [`DemoError::Key`].
    pub fn prepare(
        folder: impl AsRef<Path>,
        issuer: &str,
        port: u16,
        entropy: &dyn Entropy,
    ) -> Result<Self, DemoError> {
        let key = Arc::new(own_key(&folder.as_ref().join("demo-service.key"))?);
        let jwk = Jwk::ours(key.public()?, Algorithm::Es256);
        Ok(Self {
            assertions: Arc::default(),
            id: ServiceId::parse(CLIENT_ID).map_err(|error| DemoError::Protocol(error.to_string()))?,
            issuer: issuer.to_owned(),
            kid: jwk.kid.clone().unwrap_or_default(),
            jwks: JwkSet::new(vec![jwk]).to_json().to_string(),
            key,
            port,
            run: entropy.array(),
        })
    }

    /// How the service is registered at the platform.
    #[must_use]
    pub fn declaration(&self) -> Declaration {
        let wanted = |field, essential| Wanted { essential, field };
        Declaration {
            authentication: Authentication::Keys { jwks: self.jwks.clone() },
            csc: false,
            fields: vec![
                wanted(Field::EnglishName, true),
                wanted(Field::ChineseName, false),
                wanted(Field::Birth, false),
                wanted(Field::Sex, false),
                wanted(Field::Email, false),
            ],
            government: false,
            id: self.id.clone(),
            name: Words {
                en: "Harbour Library (demo)".to_owned(),
                zh_hans: "海港图书馆（示范）".to_owned(),
                zh_hant: "海港圖書館（示範）".to_owned(),
            },
            origins: Vec::new(),
            profile: Profile::Fapi,
            purpose: Words {
                en: "To issue a library card in your name and to tell you when a book is due.".to_owned(),
                zh_hans: "以你的名义发出借书证，并在书籍到期时通知你。".to_owned(),
                zh_hant: "以你的名義發出借書證，並在書籍到期時通知你。".to_owned(),
            },
            redirect_uris: vec![self.redirect_uri(), self.signed_uri()],
        }
    }

    /// Where the platform sends people back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("https://localhost:{}/callback", self.port)
    }
}

fn own_key(file: &Path) -> Result<SigningKey, DemoError> {
    if file.exists() {
        return Ok(SigningKey::from_pkcs8(Algorithm::Es256, &std::fs::read(file)?)?);
    }
    let key = SigningKey::generate(Algorithm::Es256)?;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(&key.to_pkcs8()?)?;
    Ok(key)
}
