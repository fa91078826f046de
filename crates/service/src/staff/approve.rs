//! What an officer approves: a fresh signature of their key over the digest of exactly the text they were shown.
//!
//! `begin` makes the question for an action and a canonical text, `check` verifies the answer for the same action and text and keeps
//! the act: text, signature and key, sealed, to be [verified](verify) whenever somebody asks. One answer is good for one act.

use super::house::{self, Seat};
use super::passkey::{self, Answered};
use super::session::{OnDuty, on_duty};
use crate::audit::{self, Event};
use crate::ceremony::{self, Ask};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, Mac, Slot};
use lionrock_model::credential::CeremonyKind;
use lionrock_model::id::{OfficerId, OfficerKeyId};
use lionrock_model::policy::staff::Action;
use lionrock_model::refusal::Refusal as _;
use lionrock_model::staff::DutyRefusal;
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::officer_act::{self, Act};
use lionrock_wire::webauthn::client_data::ClientData;
use lionrock_wire::webauthn::cose::CoseKey;
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, RequestOptions};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Longest text that is approved, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// A signed act, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The act's random id, by which it is verified later.
    pub act: [u8; 16],
    /// Who signed.
    pub officer: OfficerId,
    /// With which key.
    pub key: OfficerKeyId,
    /// SHA-256 of the text.
    pub digest: [u8; 32],
    /// When.
    pub at: Millis,
}

/// What is sealed of an act.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    action: String,
    authenticator_data: Base64Url,
    client_data: Base64Url,
    public_key: Base64Url,
    /// What the digest of the text begins with; acts of earlier versions signed the text itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<Base64Url>,
    signature: Base64Url,
    text: String,
}

/// What is signed: the action's word, a line feed, and the salted digest of the text in hexadecimal. So whoever may not read a text, for
/// it names an officer, can still check who signed it.
#[must_use]
pub fn signed_bytes(action: &str, digest: &[u8; 32]) -> Vec<u8> {
    [action.as_bytes(), b"\n", hex(digest).as_bytes()].concat()
}

/// The salted digest of a text: SHA-256 over salt and text.
#[must_use]
pub fn salted(salt: &[u8], text: &str) -> [u8; 32] {
    sha256(&[salt, text.as_bytes()].concat())
}

/// The salt of a text: the same for the same text, and known to nobody who has not the text's signature.
fn salt(platform: &Platform, text: &str) -> Result<[u8; 32], Fault> {
    Ok(platform.keys.mac(Mac::Commitment, "staff act salt v1", text.as_bytes())?)
}

fn shown(platform: &Platform, action: Action, text: &str) -> Result<Vec<u8>, Fault> {
    Ok(signed_bytes(action.word(), &salted(&salt(platform, text)?, text)))
}

/// The question for the key of the officer of this session. Whoever shows it shows `text`.
///
/// # Errors
/// Of the session; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    action: Action,
    text: &str,
) -> Result<RequestOptions, Error<DutyRefusal>> {
    let (owned, caller, cookie, text) = (Arc::clone(platform), caller.clone(), cookie.to_owned(), text.to_owned());
    platform
        .store
        .write(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie)?;
            begin_in(tx, &owned, &caller, &duty, action, &text)?.map_err(Error::Refuse)
        })
        .await
}

/// As [`begin`], as a step of a transaction.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub fn begin_in(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    action: Action,
    text: &str,
) -> Result<Result<RequestOptions, DutyRefusal>, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::bug("a text to be approved is too long"));
    }
    let Some(seat) = house::find(tx, platform, duty.officer.id)? else { return Ok(Err(DutyRefusal::SessionOver)) };
    let (binding, shown) = (duty.binding(), shown(platform, action, text)?);
    let ask = Ask { kind: CeremonyKind::StaffAct, binding: &binding, resident: None, shown: &shown };
    passkey::begin(tx, platform, caller, &ask, &seat.keys)
}

/// Checks the answer against the action and the text, and keeps the act. **Commit also when it refuses**: the question is used up.
/// Call it inside the transaction of what is approved.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`: not this officer's key, another text, a question that is over.
pub fn check(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    duty: &OnDuty,
    action: Action,
    text: &str,
    response: &AuthenticationResponse,
) -> Result<Result<Approved, DutyRefusal>, Fault> {
    let (binding, shown) = (duty.binding(), shown(platform, action, text)?);
    let ask = Ask { kind: CeremonyKind::StaffAct, binding: &binding, resident: None, shown: &shown };
    let answered = passkey::answer(tx, platform, caller, &ask, response)?;
    let refusal = match answered {
        Ok(Answered { seat, key }) if seat.kept.officer.id == duty.officer.id => {
            if seat.kept.officer.stands(caller.now) {
                return kept(tx, platform, caller, &seat, (key.id, &key.public_key), action, text, response).map(Ok);
            }
            DutyRefusal::RightsOver
        }
        // Another officer's key, however good.
        Ok(_) => DutyRefusal::KeyNotAccepted,
        Err(refusal) => refusal,
    };
    if refusal.audited() {
        let officer = duty.officer.id.to_string();
        let body = json!({"action": action.word(), "code": refusal.code(), "officer": officer});
        audit::append(tx, platform, caller, &Event::new("staff.act-refused", None, body))?;
    }
    Ok(Err(refusal))
}

#[allow(clippy::too_many_arguments)] // one act is all of these
fn kept(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    seat: &Seat,
    key: (OfficerKeyId, &[u8]),
    action: Action,
    text: &str,
    response: &AuthenticationResponse,
) -> Result<Approved, Fault> {
    let id: [u8; 16] = caller.random();
    let salt = salt(platform, text)?;
    let proof = Proof {
        action: action.word().to_owned(),
        authenticator_data: Base64Url(response.authenticator_data.clone()),
        client_data: Base64Url(response.client_data_json.clone()),
        public_key: Base64Url(key.1.to_vec()),
        salt: Some(Base64Url(salt.to_vec())),
        signature: Base64Url(response.signature.clone()),
        text: text.to_owned(),
    };
    let plain = serde_json::to_vec(&proof)?;
    let sealed = platform.keys.seal(Domain::Audit, &slot(&id), None, &plain, &*caller.entropy)?;
    let officer = seat.kept.officer.id;
    let act = Act {
        id,
        officer,
        credential: key.0,
        action: action.word().to_owned(),
        digest: sha256(text.as_bytes()),
        sealed_proof: sealed.into(),
        at: caller.now,
    };
    officer_act::add(tx, &act)?;
    let body = json!({
        "act": hex(&id),
        "action": action.word(),
        "digest": hex(&salted(&salt, text)),
        "key": key.0.to_string(),
        "officer": officer.to_string(),
        "role": seat.kept.officer.role.word(),
        "unit": seat.kept.officer.unit.as_str(),
    });
    // Whoever audits checks the signature again. Texts that name an officer stay here: their salted digest was signed.
    let told = (!action.changes_officers()).then_some(text);
    let apart = json!({
        "authenticator_data": proof.authenticator_data,
        "client_data": proof.client_data,
        "salt": told.map(|_| lionrock_wire::jose::encode(&salt)),
        "signature": proof.signature,
        "text": told,
    });
    audit::append(tx, platform, caller, &Event::new("staff.act-signed", None, body).with_apart(apart))?;
    Ok(Approved { act: id, officer, key: key.0, digest: act.digest, at: caller.now })
}

/// Verifies a kept act again: that this officer's key signed exactly this text for this action. `None` when it did not, or there is no
/// such act; what a row says besides counts for nothing.
///
/// # Errors
/// Of the store; `RolledBack` when the officer's rows are not what the ledger says.
pub fn verify(
    tx: &mut Tx<'_>,
    platform: &Platform,
    act: &[u8; 16],
    action: Action,
    text: &str,
) -> Result<Option<Approved>, Fault> {
    let Some(row) = officer_act::find(tx, act)? else { return Ok(None) };
    let Ok(plain) = platform.keys.open_sealed(Domain::Audit, &slot(act), None, &row.sealed_proof) else {
        return Ok(None);
    };
    let proof: Proof = serde_json::from_slice(&plain)?;
    let Some(seat) = house::find(tx, platform, row.officer)? else { return Ok(None) };
    // Removed keys signed what they signed; what counts is that the key is this officer's.
    let own = seat.keys.iter().any(|key| key.id == row.credential && key.public_key == proof.public_key.0);
    let holds = own && proof.action == action.word() && proof.text == text && signed(&proof, action, text);
    Ok(holds.then(|| Approved {
        act: *act,
        officer: row.officer,
        key: row.credential,
        digest: sha256(text.as_bytes()),
        at: row.at,
    }))
}

/// The text of a kept act, when it [verifies](verify): what the officer signed is read from what they signed, not from a row.
///
/// # Errors
/// As [`verify`].
pub fn read(
    tx: &mut Tx<'_>,
    platform: &Platform,
    act: &[u8; 16],
    action: Action,
) -> Result<Option<(Approved, String)>, Fault> {
    let Some(row) = officer_act::find(tx, act)? else { return Ok(None) };
    let Ok(plain) = platform.keys.open_sealed(Domain::Audit, &slot(act), None, &row.sealed_proof) else {
        return Ok(None);
    };
    let proof: Proof = serde_json::from_slice(&plain)?;
    Ok(verify(tx, platform, act, action, &proof.text)?.map(|approved| (approved, proof.text)))
}

fn signed(proof: &Proof, action: Action, text: &str) -> bool {
    let challenge = ClientData::parse(&proof.client_data.0).ok().and_then(|client| client.challenge());
    let Some((random, rest)) = challenge.as_deref().and_then(<[u8]>::split_first_chunk::<32>) else { return false };
    let shown = match &proof.salt {
        Some(salt) => signed_bytes(action.word(), &salted(&salt.0, text)),
        None => [action.word().as_bytes(), b"\n", text.as_bytes()].concat(),
    };
    if rest != ceremony::digest(random, CeremonyKind::StaffAct, &shown) {
        return false;
    }
    let Ok(key) = CoseKey::parse(&proof.public_key.0) else { return false };
    let message = [&proof.authenticator_data.0[..], &sha256(&proof.client_data.0)].concat();
    key.verify(&message, &proof.signature.0)
}

const fn slot(row: &[u8; 16]) -> Slot<'_> {
    Slot { table: "officer_act", column: "sealed_proof", row, resident: &audit::NOBODY, schema: 1, version: 1 }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
