//! What requests say, and documents: sealed under the platform's own key, because service and person both need them, and gone when the
//! service has the signed one. The one file of this journey that opens them. Evidence is the person's, and opens by the vault.

use crate::audit::NOBODY;
use crate::vault::Grant;
use crate::{Caller, Fault, Platform};
use lionrock_activation::Hex;
use lionrock_crypto::ring::{Domain, ResidentKey, Slot};
use lionrock_model::id::{ResidentId, SignatureId, SigningRequestId};
use lionrock_model::policy::Field;
use lionrock_model::signing::PIECE_BYTES;
use lionrock_store::signing_request::{self, Kind, Request};
use lionrock_store::{Tx, signature};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a request says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    pub approval: Option<Approval>,
    /// SHA-256 of the card number of who is to sign, where the service said so.
    pub card: Option<Hex>,
    pub category: String,
    /// Random, made here: both sides show it.
    pub check_code: String,
    /// Where software that speaks the Cloud Signature Consortium's API asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csc: Option<Csc>,
    pub department: Option<String>,
    pub documents: Vec<Named>,
    pub file_name: String,
    /// The four digits of the iAM Smart interface.
    pub legacy_code: Option<String>,
    pub redirect_uri: Option<String>,
    /// Where the signature is to be seen, when it is.
    pub seal: Option<Seal>,
    /// SHA-256 of the document, as announced.
    pub sha256: Option<Hex>,
    pub state: Option<String>,
    pub title: String,
}

/// Where a signature is to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The empty signature field of the document that takes it; a new one when none is named.
    pub field: Option<String>,
    /// On which page; the first is 1.
    pub page: u64,
    /// Left, bottom, width and height on the page, in points.
    pub place: [u16; 4],
}

/// A document of a request that names documents by their digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What goes under the signature.
    pub digest: Hex,
    /// The service's own name for it.
    pub id: String,
    /// What the service calls it.
    pub name: String,
}

/// What belongs to the Cloud Signature Consortium's API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Csc {
    /// The algorithm of the hashes, in dotted form.
    pub algorithm: String,
    /// The credential that is to sign, by the name it has for this service.
    pub credential: String,
    /// Imprint of the authorization request that the approval answers; none while a document only waits for one.
    pub request: Option<Hex>,
}

/// What was asked of the passkey.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    /// Seconds; stands in the document as the claimed time.
    pub claimed: u64,
    /// What was shown, canonical.
    pub shown: String,
    /// The activation text, canonical.
    pub text: String,
}

fn body_slot(id: &SigningRequestId, version: i64) -> Slot<'_> {
    Slot {
        table: "signing_request",
        column: "sealed_body",
        row: id.as_bytes(),
        resident: &NOBODY,
        schema: 1,
        version: u64::try_from(version).unwrap_or(0),
    }
}

/// Seals the body a row will have at `version`.
pub(super) fn seal(
    platform: &Platform,
    caller: &Caller,
    id: SigningRequestId,
    version: i64,
    body: &Body,
) -> Result<Vec<u8>, Fault> {
    let plain = serde_json::to_vec(body)?;
    let slot = body_slot(&id, version);
    Ok(platform.keys.seal(Domain::Consent, &slot, None, &plain, &*caller.entropy)?.into())
}

/// What a request says.
pub(super) fn open(platform: &Platform, row: &Request) -> Result<Body, Fault> {
    let slot = body_slot(&row.id, row.version);
    Ok(serde_json::from_slice(&platform.keys.open_sealed(Domain::Consent, &slot, None, &row.sealed_body)?)?)
}

const fn piece_slot(id: &[u8; 16]) -> Slot<'_> {
    Slot { table: "signing_part", column: "sealed_piece", row: id, resident: &NOBODY, schema: 1, version: 1 }
}

/// Keeps bytes as pieces, from piece `number` on.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    request: SigningRequestId,
    kind: Kind,
    number: u32,
    bytes: &[u8],
) -> Result<(), Fault> {
    for (piece, number) in bytes.chunks(PIECE_BYTES).zip(number..) {
        let id: [u8; 16] = caller.random();
        // The place is part of what is sealed: pieces cannot change places, or requests.
        let plain = [request.as_bytes().as_slice(), kind.word().as_bytes(), &number.to_be_bytes(), piece].concat();
        let sealed = platform.keys.seal(Domain::Consent, &piece_slot(&id), None, &plain, &*caller.entropy)?;
        signing_request::keep(tx, &id, request, kind, number, &Vec::from(sealed), caller.now)?;
    }
    Ok(())
}

/// Pieces of one kind from a number on, at most so many, one after the other.
pub(super) fn opened(
    tx: &mut Tx<'_>,
    platform: &Platform,
    request: SigningRequestId,
    kind: Kind,
    from: u32,
    most: u32,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut all = Zeroizing::new(Vec::with_capacity(PIECE_BYTES * usize::try_from(most).unwrap_or(1)));
    for ((id, sealed), number) in signing_request::pieces(tx, request, kind, from, most)?.into_iter().zip(from..) {
        let plain = platform.keys.open_sealed(Domain::Consent, &piece_slot(&id), None, &sealed)?;
        let head = [request.as_bytes().as_slice(), kind.word().as_bytes(), &number.to_be_bytes()].concat();
        let piece = plain.strip_prefix(head.as_slice());
        all.extend_from_slice(piece.ok_or_else(|| Fault::stored_data("a piece of a document is out of place"))?);
    }
    Ok(all)
}

/// How many bytes there are of one kind.
pub(super) fn length(
    tx: &mut Tx<'_>,
    platform: &Platform,
    request: SigningRequestId,
    kind: Kind,
) -> Result<u64, Fault> {
    let Some(last) = signing_request::count(tx, request, kind)?.checked_sub(1) else { return Ok(0) };
    let rest = opened(tx, platform, request, kind, last, 1)?.len();
    Ok(u64::from(last) * PIECE_BYTES as u64 + rest as u64)
}

/// All bytes of one kind; empty when there are none.
pub(super) fn bytes(
    tx: &mut Tx<'_>,
    platform: &Platform,
    request: SigningRequestId,
    kind: Kind,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    const AT_ONCE: u32 = 16;
    let mut all = Zeroizing::new(Vec::new());
    for from in (0..).step_by(16) {
        let more = opened(tx, platform, request, kind, from, AT_ONCE)?;
        if more.is_empty() {
            break;
        }
        all.extend_from_slice(&more);
    }
    Ok(all)
}

const fn evidence_slot<'a>(resident: &'a ResidentId, id: &'a SignatureId) -> Slot<'a> {
    Slot {
        table: "signature",
        column: "sealed_evidence",
        row: id.as_bytes(),
        resident: resident.as_bytes(),
        schema: 1,
        version: 1,
    }
}

/// Seals evidence for its person.
pub(super) fn seal_evidence(
    platform: &Platform,
    caller: &Caller,
    (resident, key): (ResidentId, &ResidentKey),
    id: SignatureId,
    plain: &[u8],
) -> Result<Vec<u8>, Fault> {
    let slot = evidence_slot(&resident, &id);
    Ok(platform.keys.seal(Domain::Consent, &slot, Some(key), plain, &*caller.entropy)?.into())
}

/// Evidence, for its person: it holds their names.
pub(super) fn open_evidence(grant: &Grant<'_>, row: &signature::Signature) -> Result<Zeroizing<Vec<u8>>, Fault> {
    grant.open(Field::EnglishName, Domain::Consent, &evidence_slot(&row.resident, &row.id), &row.sealed_evidence)
}
