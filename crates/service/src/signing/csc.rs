//! The Cloud Signature Consortium's API 2.0: software that speaks it asks for signatures through the authorization server, and fetches
//! them with the token it gets there.
//!
//! | verb | method of the API | writes |
//! | --- | --- | --- |
//! | [`info::info`] | info | nothing |
//! | [`credential::list`], [`credential::look`] | credentials/list, credentials/info | the leaf of the opening |
//! | [`document::deposit`] | signatures/signDoc, before the approval | request and document |
//! | `open` | oauth2/pushed_authorize, oauth2/authorize | request |
//! | `granted`, `declined` | the person's answer | grant |
//! | [`redeem::hashes`], [`redeem::digests`], [`redeem::documents`] | signatures/signHash, signatures/signDoc | what was signed is handed out and destroyed |
//! | [`stamp::stamp`] | signatures/timestamp | nothing |
//!
//! Sole control does not change: the authorization *is* the approval of a signing request, its hashes *are* the documents of the
//! activation text, and the signature is made there and then. What the API calls signature activation data is an access token that
//! stands for these signatures and hands them out once. There is nothing left to activate, for us or for whoever steals it.

pub mod credential;
pub mod document;
pub mod info;
mod open;
pub mod redeem;
pub mod stamp;

pub(crate) use open::open;

use super::sealed::{self, Csc};
use super::{Refused, request};
use crate::imprint::Imprint;
use crate::oidc::signed::{self, Signed};
use crate::oidc::{Rejected, userinfo};
use crate::{Caller, Error, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lionrock_crypto::secret::same;
use lionrock_crypto::sign::Algorithm;
use lionrock_model::credential::Credential;
use lionrock_model::id::{ResidentId, ServiceId, SigningRequestId};
use lionrock_model::oidc::Scope;
use lionrock_model::signing::SigningRefusal;
use lionrock_store::Tx;
use lionrock_store::consent::Consent;
use lionrock_store::oidc_grant::Grant;
use lionrock_store::signing_key::{self, SigningKey};
use lionrock_store::signing_request::{self, Request};
use lionrock_wire::jose;
use lionrock_wire::oauth::{Code, Problem, details};
use serde_json::{Value, json};

type Answer<T> = Result<T, Error<Rejected>>;

/// `id-sha256` and `id-sha384` (RFC 8017 appendix B.1).
const SHA_256: &str = "2.16.840.1.101.3.4.2.1";
const SHA_384: &str = "2.16.840.1.101.3.4.2.2";
/// `rsaEncryption`: the digest algorithm stands beside it.
const RSA: &str = "1.2.840.113549.1.1.1";

/// What a signing key signs with, as the API says it.
struct Kind {
    /// OIDs a client may name; the first says everything.
    signatures: &'static [&'static str],
    hash: &'static str,
    /// Bytes of a hash.
    length: usize,
    /// Bits.
    bits: u32,
    curve: Option<&'static str>,
}

impl Kind {
    const fn of(algorithm: Algorithm) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Es256 => Self {
                signatures: &["1.2.840.10045.4.3.2"],
                hash: SHA_256,
                length: 32,
                bits: 256,
                curve: Some("1.2.840.10045.3.1.7"),
            },
            Algorithm::Es384 => Self {
                signatures: &["1.2.840.10045.4.3.3"],
                hash: SHA_384,
                length: 48,
                bits: 384,
                curve: Some("1.3.132.0.34"),
            },
            Algorithm::Rs256 => Self {
                signatures: &["1.2.840.113549.1.1.11", RSA],
                hash: SHA_256,
                length: 32,
                bits: 3_072,
                curve: None,
            },
            Algorithm::EdDsa | Algorithm::Ps256 => return None,
        })
    }
}

/// The name a credential has for one service: two services cannot compare theirs, and none can name another's.
fn name(platform: &Platform, service: &str, key: &SigningKey) -> Result<String, Fault> {
    let parts = Imprint::new().text(service).text(&key.id.to_string());
    Ok(jose::encode(&parts.under(platform, "csc credential")?))
}

/// Whether a request is for this key.
pub(super) fn is_of(platform: &Platform, csc: &Csc, service: &str, key: &SigningKey) -> Result<bool, Fault> {
    Ok(same(name(platform, service, key)?.as_bytes(), csc.credential.as_bytes()))
}

/// Whoever holds a token of this interface.
struct Holder {
    grant: Grant,
    consent: Consent,
}

impl Holder {
    /// Whether the token stands for signatures, not for the service alone.
    fn signs(&self) -> bool {
        self.grant.scope == details::TYPE
    }

    fn service(&self) -> Result<ServiceId, Fault> {
        ServiceId::parse(&self.grant.service).map_err(|_| Fault::stored_data("a stored client is no client"))
    }

    /// The newest signing key of the person, and its name for this service.
    fn key(&self, tx: &mut Tx<'_>, platform: &Platform) -> Answer<Option<(SigningKey, String)>> {
        let Some(key) = signing_key::of_resident(tx, self.grant.resident)?.into_iter().next() else { return Ok(None) };
        let name = name(platform, &self.grant.service, &key)?;
        Ok(Some((key, name)))
    }
}

/// The holder of a token that is good here and now.
fn holder(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, token: &str) -> Answer<Holder> {
    let (grant, consent) = userinfo::holder(tx, platform, caller.now, token)?;
    let holder = Holder { grant, consent };
    let service = holder.grant.scope.split(' ').any(|scope| scope == Scope::Service.word());
    if !service && !holder.signs() {
        return Err(refuse(Code::InsufficientScope, "the token is not for this: ask for the scope service"));
    }
    // The right can have been taken back in the configuration since.
    if !platform.service(&holder.service()?).is_some_and(lionrock_model::service::Service::is_csc) {
        return Err(refuse(Code::UnauthorizedClient, "this client may not use the signing interface"));
    }
    Ok(holder)
}

/// As [`holder`], for what a token of scope `credential` is not good for.
fn of_service(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, token: &str) -> Answer<Holder> {
    let holder = holder(tx, platform, caller, token)?;
    if holder.signs() {
        return Err(refuse(Code::InsufficientScope, "the token is not for this: ask for the scope service"));
    }
    Ok(holder)
}

/// The person approved and it is signed: the answer to the authorization request, in the same transaction.
pub(super) fn granted(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    csc: &Csc,
    (row, who): (&Request, ResidentId),
    (guard, text): (&Credential, &str),
) -> Refused<Option<String>> {
    let Some(request) = waiting(csc) else { return Ok(Err(SigningRefusal::RequestGone)) };
    let signed = Signed { request, signing: row.id, who, guard, text };
    Ok(signed::code(tx, platform, caller, &signed)?.map(Some).ok_or(SigningRefusal::RequestGone))
}

/// The person said no.
pub(super) fn declined(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    csc: &Csc,
) -> Result<Option<String>, Fault> {
    waiting(csc).map_or(Ok(None), |request| signed::denied(tx, platform, caller, request))
}

fn waiting(csc: &Csc) -> Option<[u8; 32]> {
    csc.request.as_ref().and_then(|request| request.0.as_slice().try_into().ok())
}

/// What was granted, as the token endpoint says it (RFC 9396 section 7).
pub(crate) fn said(tx: &mut Tx<'_>, platform: &Platform, id: SigningRequestId) -> Result<Option<Value>, Fault> {
    let Some(row) = signing_request::find(tx, id)? else { return Ok(None) };
    let body = sealed::open(platform, &row)?;
    let Some(csc) = body.csc else { return Ok(None) };
    let digests: Vec<Value> = if row.form.is_seen() {
        let hash = body.sha256.map(|hash| STANDARD.encode(hash.0));
        vec![json!({"hash": hash, "hashType": "sodr", "label": body.title})]
    } else {
        let kind = if row.form == lionrock_model::signing::Form::PdfDigest { "sodr" } else { "dtbsr" };
        let said =
            |one: &request::Named| json!({"hash": STANDARD.encode(&one.digest.0), "hashType": kind, "label": one.name});
        body.documents.iter().map(said).collect()
    };
    Ok(Some(json!([{
        "credentialID": csc.credential,
        "documentDigests": digests,
        "hashAlgorithmOID": csc.algorithm,
        "type": details::TYPE,
    }])))
}

const fn refuse(code: Code, description: &'static str) -> Error<Rejected> {
    Error::Refuse(Rejected(Problem::new(code, description)))
}

/// The API's own word for what is wrong with a call.
const fn wrong(description: &'static str) -> Error<Rejected> {
    refuse(Code::InvalidRequest, description)
}
