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
pub(crate) mod client;
pub mod consent;
pub mod decline;
pub mod exchange;
mod issue;
pub mod publish;
pub mod push;
pub(crate) mod signed;
pub mod userinfo;

use crate::imprint::Imprint;
use crate::signed_in::{self, Current};
use crate::vault::Alarm;
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::id::SigningRequestId;
use lionrock_model::refusal::Refusal;
use lionrock_store::Tx;
use lionrock_store::oidc_grant::{self, Grant};
use lionrock_store::oidc_request::Request;
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

/// What a secret word is for. Its imprint finds the row, and the row carries an imprint of itself: a word is worth what the row
/// said when the platform wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Request,
    Code,
    Access,
}

impl Word {
    const fn label(self) -> &'static str {
        match self {
            Self::Request => "oidc request",
            Self::Code => "oidc code",
            Self::Access => "oidc access token",
        }
    }

    /// What is kept of a word.
    fn digest(self, platform: &Platform, word: &str) -> Result<[u8; 32], Fault> {
        Imprint::new().text(word).under(platform, self.label())
    }

    /// A word as it is sent, 32 random bytes in base64url, and what is kept of it.
    fn fresh(self, platform: &Platform, random: [u8; 32]) -> Result<(String, [u8; 32]), Fault> {
        let word = lionrock_wire::jose::encode(&random);
        let digest = self.digest(platform, &word)?;
        Ok((word, digest))
    }
}

const REQUEST_ROW: &str = "oidc request row";
const GRANT_ROW: &str = "oidc grant row";
const ACCESS_ROW: &str = "oidc access row";

fn of_request(row: &Request) -> Imprint {
    let imprint = Imprint::new()
        .bytes(&row.handle)
        .text(&row.service)
        .text(&row.redirect_uri)
        .text(&row.scope)
        .maybe(row.state.as_deref().map(str::as_bytes))
        .maybe(row.nonce.as_deref().map(str::as_bytes))
        .bytes(&row.challenge)
        .text(&row.prompt)
        .number(row.max_age.unwrap_or(-1))
        .bytes(&row.salt)
        .at(row.created_at)
        .at(row.expires_at);
    signing(imprint, row.signing)
}

/// One part more for what stands for signatures: rows of an earlier program have none, and their imprints stay good.
fn signing(imprint: Imprint, id: Option<SigningRequestId>) -> Imprint {
    match id {
        Some(id) => imprint.bytes(id.as_bytes()),
        None => imprint,
    }
}

/// A grant as it was given out: for whom, to whom, on which approval, for which fields.
fn of_grant(row: &Grant) -> Imprint {
    let imprint = Imprint::new()
        .bytes(&row.code)
        .text(&row.service)
        .bytes(row.resident.as_bytes())
        .bytes(row.consent.as_bytes())
        .text(&row.sub)
        .text(&row.scope)
        .text(&row.redirect_uri)
        .maybe(row.nonce.as_deref().map(str::as_bytes))
        .bytes(&row.challenge)
        .at(row.authenticated_at)
        .text(&row.acr)
        .at(row.issued_at)
        .at(row.expires_at)
        .text(&oidc_grant::words(&row.fields));
    signing(imprint, row.signing)
}

fn of_access(code: &[u8; 32], access: &[u8; 32], until: lionrock_model::time::Millis) -> Imprint {
    Imprint::new().bytes(code).bytes(access).at(until)
}

/// Whether a grant is as the platform wrote it. Rows of an earlier program have no imprint and are over; any other is an alarm.
fn is_ours(platform: &Platform, grant: &Grant) -> Result<bool, Fault> {
    let ours = of_grant(grant).is(platform, GRANT_ROW, grant.proof.as_ref())?;
    if !ours && grant.proof.is_some() {
        platform.vault.raise(Alarm { resident: None, what: "grant-forged" });
    }
    Ok(ours)
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
