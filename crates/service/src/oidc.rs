//! Logging in to online services: OpenID Connect with the FAPI 2.0 Security Profile, and a plain profile beside it.
//!
//! | verb | endpoint | writes |
//! | --- | --- | --- |
//! | [`push`] | POST /oauth/par | request, assertion id |
//! | [`authorize`] | GET /oauth/authorize | nothing; a request that was not pushed is kept here |
//! | [`consent`] | GET /oauth/consent, POST …/options | the leaf of the preview, when fields are shown |
//! | [`approve`], [`decline`] | POST /oauth/consent, …/decline | request taken, pseudonym, consent, code, leaf |
//! | [`exchange`] | POST /oauth/token | code taken, token, assertion id |
//! | [`userinfo`] | GET /oauth/userinfo | the leaf of the release, when fields are released |
//! | [`publish`] | discovery, JWKS | nothing |
//!
//! Each is at most one write transaction. A pushed request is taken when it is answered, not when its page is loaded
//! (FAPI 2.0, 5.3.2.2 note 3). Sender-constrained tokens (DPoP, mutual TLS) join as further rows of the tables in
//! [`checks`] and [`exchange`], and as further members of a grant.

pub mod approve;
pub mod authorize;
mod checks;
mod client;
pub mod consent;
pub mod decline;
pub mod exchange;
mod issue;
pub mod publish;
pub mod push;
pub mod userinfo;

use crate::signed_in::{self, Current};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_model::refusal::Refusal;
use lionrock_store::Tx;
use lionrock_wire::oauth::{Code, Problem};

/// A refusal that goes to the service's software, as an OAuth error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected(pub Problem);

impl Refusal for Rejected {
    fn code(&self) -> &'static str {
        self.0.code.as_str()
    }

    fn status(&self) -> u16 {
        self.0.code.status()
    }

    fn audited(&self) -> bool {
        false
    }
}

/// A secret word of ours as it is sent: 32 random bytes in base64url. Only its digest is kept.
fn secret_word(random: [u8; 32]) -> (String, [u8; 32]) {
    let word = lionrock_wire::jose::encode(&random);
    let digest = sha256(word.as_bytes());
    (word, digest)
}

/// The standing session of a browser's cookie, if there is one.
fn current(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: Option<&str>,
) -> Result<Option<Current>, Fault> {
    let Some(cookie) = cookie else { return Ok(None) };
    match signed_in::require(tx, platform, caller, cookie) {
        Ok(current) => Ok(Some(current)),
        Err(Error::Refuse(_)) => Ok(None),
        Err(Error::Fault(fault)) => Err(fault),
    }
}

const fn problem(code: Code, description: &'static str) -> Problem {
    Problem::new(code, description)
}
