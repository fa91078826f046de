//! signatures/signHash and signatures/signDoc: what the person signed is handed out, once, to the service that asked for it.

use super::super::sealed::{self, Csc};
use super::super::{in_force, request};
use super::{Answer, Holder, Kind, RSA, holder, is_of, refuse, wrong};
use crate::{Caller, Fault, Platform};
use lionrock_activation::{Hex, record};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::sign::Algorithm;
use lionrock_model::signing::{Form, SigningRefusal, State};
use lionrock_pki::algorithm;
use lionrock_store::signing_request::{self, Kind as Part, Request};
use lionrock_store::{Tx, oidc_grant};
use lionrock_wire::oauth::Code;
use lionrock_wire::webauthn::json::Base64Url;
use serde::Deserialize;
use std::sync::Arc;

/// How a call proves what it may have.
#[derive(Clone)]
pub struct Proof {
    /// The token in the header: of scope `service` or `credential`.
    pub token: String,
    /// Signature activation data: the token of scope `credential`, unless that is in the header.
    pub sad: Option<String>,
    /// The credential, by its name for this service.
    pub credential: String,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proof({})", self.credential)
    }
}

/// Which signatures a call means.
#[derive(Clone, Debug)]
pub struct Hashes {
    /// The hashes.
    pub hashes: Vec<Vec<u8>>,
    /// `hashAlgorithmOID`.
    pub hash: Option<String>,
    /// `signAlgo`.
    pub signature: String,
}

/// The raw signatures over hashes, in their order; ECDSA in ASN.1.
///
/// # Errors
/// An OAuth error; faults. What is refused stays as it was.
pub async fn hashes(platform: &Arc<Platform>, caller: &Caller, proof: Proof, wanted: Hashes) -> Answer<Vec<Vec<u8>>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let found = found(tx, &owned, &caller, &proof)?;
            if found.row.form != Form::Digest {
                return Err(wrong("the authorization is for documents: call signatures/signDoc"));
            }
            let chosen = chosen(tx, &owned, &found, &wanted)?;
            let signatures = chosen.into_iter().map(|one| algorithm::encode(found.algorithm, &one.signature.0));
            let signatures = signatures
                .collect::<Result<_, _>>()
                .map_err(|error| Fault::bug(format!("a signature of ours: {error}")))?;
            spend(tx, &owned, &caller, &found)?;
            Ok(signatures)
        })
        .await
}

/// Signatures in CMS over digests of documents, in their order, each with its time-stamp.
///
/// # Errors
/// As [`hashes`].
pub async fn digests(platform: &Arc<Platform>, caller: &Caller, proof: Proof, wanted: Hashes) -> Answer<Vec<Vec<u8>>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            let found = found(tx, &owned, &caller, &proof)?;
            if found.row.form != Form::PdfDigest {
                return Err(wrong("the authorization is not for digests of documents"));
            }
            let chosen = chosen(tx, &owned, &found, &wanted)?;
            let wrapped = chosen.into_iter().map(|one| one.cms.map(|cms| cms.0));
            let wrapped =
                wrapped.collect::<Option<_>>().ok_or_else(|| Fault::stored_data("a signature without CMS"))?;
            spend(tx, &owned, &caller, &found)?;
            Ok(wrapped)
        })
        .await
}

/// Whether a token stands for signatures itself.
///
/// # Errors
/// As [`hashes`].
pub async fn signs(platform: &Arc<Platform>, caller: &Caller, token: &str) -> Answer<bool> {
    let (owned, caller, token) = (Arc::clone(platform), caller.clone(), token.to_owned());
    platform.store.read(move |tx| holder(tx, &owned, &caller, &token).map(|holder| holder.signs())).await
}

/// What the person saw and signed: the PDF with its signature, or the signature beside the file.
///
/// # Errors
/// As [`hashes`].
pub async fn documents(
    platform: &Arc<Platform>,
    caller: &Caller,
    proof: Proof,
    (document, form): (Vec<u8>, Form),
    signature: String,
) -> Answer<Vec<u8>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let hash = sha256(&document);
    platform
        .store
        .write(move |tx| {
            let found = found(tx, &owned, &caller, &proof)?;
            if !found.row.form.is_seen() || found.sha256 != Some(hash.into()) {
                return Err(wrong("documentDigests or documents are not authorized by the SAD"));
            }
            if found.row.form != form {
                return Err(wrong("Invalid parameter signature_format"));
            }
            of_key(&found, &signature, None)?;
            // A PDF is what was sent, untouched, and what was appended.
            let kinds: &[Part] = if form == Form::Pdf { &[Part::Document, Part::Result] } else { &[Part::Result] };
            let mut result = Vec::new();
            for kind in kinds {
                result.extend_from_slice(&sealed::bytes(tx, &owned, found.row.id, *kind)?);
            }
            spend(tx, &owned, &caller, &found)?;
            Ok(result)
        })
        .await
}

/// What a token stands for.
struct Found {
    row: Request,
    sha256: Option<Hex>,
    csc: Csc,
    code: [u8; 32],
    algorithm: Algorithm,
    kind: Kind,
}

/// Looks at everything that must hold before anything is handed out.
fn found(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, proof: &Proof) -> Answer<Found> {
    let bearer = holder(tx, platform, caller, &proof.token)?;
    let signs = activation(tx, platform, caller, proof, bearer)?;
    let who = signs.grant.resident;
    let row = match signs.grant.signing {
        Some(id) => signing_request::find(tx, id)?,
        None => None,
    };
    // The row says whose it is; it has been bound to grant and request since it was written.
    let row = row.filter(|row| row.resident == Some(who) && row.service == signs.grant.service);
    let row = row.ok_or_else(|| Fault::stored_data("a grant stands for no signature of its own"))?;
    let body = sealed::open(platform, &row)?;
    let csc = body.csc.ok_or_else(|| Fault::stored_data("a signing request of another interface"))?;
    if csc.credential != proof.credential {
        return Err(wrong("Invalid parameter credentialID"));
    }
    if row.state != State::Signed || row.expires <= caller.now {
        return Err(SPENT);
    }
    if let Err(refusal) = super::super::may_sign(tx, platform, caller, who)? {
        return Err(told(refusal));
    }
    let own = match in_force(tx, platform, caller, who)? {
        Ok(own) => own,
        Err(refusal) => return Err(told(refusal)),
    };
    if !is_of(platform, &csc, &row.service, &own.key)? {
        return Err(wrong("The credential identified by credentialID is disabled"));
    }
    let algorithm = record::algorithm(&own.key.algorithm);
    let algorithm = algorithm.ok_or_else(|| Fault::stored_data("signing_key.algorithm"))?;
    let kind = Kind::of(algorithm).ok_or_else(|| Fault::stored_data("signing_key.algorithm"))?;
    Ok(Found { row, sha256: body.sha256, csc, code: signs.grant.code, algorithm, kind })
}

/// The token that stands for signatures: the one in the header, or the one given as signature activation data beside a token of the
/// same service for the same person.
fn activation(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, proof: &Proof, bearer: Holder) -> Answer<Holder> {
    let Some(sad) = &proof.sad else {
        let missing = wrong("Missing (or invalid type) string parameter SAD");
        return if bearer.signs() { Ok(bearer) } else { Err(missing) };
    };
    let named = match holder(tx, platform, caller, sad) {
        Ok(named) => named,
        Err(crate::Error::Refuse(_)) => return Err(SPENT),
        Err(fault) => return Err(fault),
    };
    let same = named.grant.service == bearer.grant.service && named.grant.resident == bearer.grant.resident;
    // Two tokens that both stand for signatures mean two things.
    let one = !bearer.signs() || named.grant.code == bearer.grant.code;
    if named.signs() && same && one { Ok(named) } else { Err(wrong("Invalid parameter SAD")) }
}

/// A signature as the result holds it.
#[derive(Deserialize)]
struct One {
    cms: Option<Base64Url>,
    digest: Hex,
    signature: Base64Url,
}

#[derive(Deserialize)]
struct Signatures {
    signatures: Vec<One>,
}

/// The signatures of the hashes, each authorised hash once.
fn chosen(tx: &mut Tx<'_>, platform: &Platform, found: &Found, wanted: &Hashes) -> Answer<Vec<One>> {
    of_key(found, &wanted.signature, wanted.hash.as_deref())?;
    if wanted.hashes.is_empty() {
        return Err(wrong("Empty hash array"));
    }
    if wanted.hashes.iter().any(|hash| hash.len() != found.kind.length) {
        return Err(wrong("Invalid digest value length"));
    }
    let bytes = sealed::bytes(tx, platform, found.row.id, Part::Result)?;
    let mut made: Vec<One> = serde_json::from_slice::<Signatures>(&bytes).map_err(Fault::from)?.signatures;
    if wanted.hashes.len() > made.len() {
        return Err(wrong("more signatures than were authorised"));
    }
    let mut chosen = Vec::with_capacity(wanted.hashes.len());
    for hash in &wanted.hashes {
        let place = made.iter().position(|one| one.digest.0 == *hash);
        chosen.push(made.remove(place.ok_or(wrong("Hash is not authorized by the SAD"))?));
    }
    Ok(chosen)
}

/// Whether the algorithms a call names are those of the key that signed.
fn of_key(found: &Found, signature: &str, hash: Option<&str>) -> Answer<()> {
    if !found.kind.signatures.contains(&signature) {
        return Err(wrong("Invalid parameter signAlgo"));
    }
    match hash {
        None if signature == RSA && !found.row.form.is_seen() => {
            Err(wrong("Missing (or invalid type) string parameter hashAlgorithmOID"))
        }
        Some(hash) if hash != found.kind.hash || hash != found.csc.algorithm => {
            Err(wrong("Invalid parameter hashAlgorithmOID"))
        }
        _ => Ok(()),
    }
}

/// It is handed out: documents and results are destroyed, and the token is worth nothing.
fn spend(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, found: &Found) -> Answer<()> {
    if !request::over(tx, platform, caller, &found.row, State::Delivered)? {
        return Err(SPENT);
    }
    oidc_grant::revoke(tx, found.code, caller.now)?;
    Ok(())
}

const SPENT: crate::Error<crate::oidc::Rejected> =
    wrong("Invalid parameter SAD: it is unknown, expired, or was used before");

fn told(refusal: SigningRefusal) -> crate::Error<crate::oidc::Rejected> {
    match refusal {
        SigningRefusal::CertificateNotGood => wrong("Signing certificate is suspended, revoked or expired"),
        SigningRefusal::NoCertificate => wrong("Invalid parameter credentialID"),
        SigningRefusal::NotPlus | SigningRefusal::CoolingOff => {
            wrong("The credential identified by credentialID is disabled")
        }
        _ => refuse(Code::AccessDenied, "the account may not sign now"),
    }
}
