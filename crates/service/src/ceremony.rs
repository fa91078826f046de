//! Passkey ceremonies as steps of a transaction, shared by every journey that asks for a passkey.
//!
//! A challenge is 64 bytes: 32 random, then SHA-256 over those, the kind of ceremony and exactly what is approved. So
//! the signature of a passkey is a signature over what was shown. It is kept for five minutes, bound to a browser, session or registration, and
//! taken out on the first answer, good or bad: **commit the transaction also when [`answer`] or [`creation`] refuse** (return
//! `Ok(Err(refusal))` from the closure and let [`settle`] turn it).

use crate::audit::Event;
use crate::freshness::{self, Mark, Signing};
use crate::imprint::Imprint;
use crate::{Caller, Error, Fault, Platform, suspension};
use lionrock_crypto::digest::Sha256;
use lionrock_crypto::ring::{Domain, ResidentKey, Slot};
use lionrock_model::credential::{
    Attestation, Ceremony, CeremonyKind, Credential, CredentialName, MOST_CREDENTIALS, PasskeyRefusal,
};
use lionrock_model::id::{CredentialId, ResidentId};
use lionrock_store::resident::Resident;
use lionrock_store::{Tx, ceremony, credential, resident};
use lionrock_wire::webauthn::assertion::Counter;
use lionrock_wire::webauthn::attestation::{AttestationKind, AttestationPolicy};
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{
    AuthenticationResponse, Base64Url, CreationOptions, Descriptor, RegistrationResponse, RequestOptions, RpEntity,
    UserEntity,
};
use lionrock_wire::webauthn::{
    AssertionExpectation, Failure, Framing, NewCredential, RegistrationExpectation, RelyingParty, StoredCredential,
    assertion, registration,
};
use serde_json::json;

/// How often a passkey is looked at again when it was used elsewhere at the same moment.
const RACES: u32 = 4;

/// Bytes of a challenge.
pub const CHALLENGE_BYTES: usize = 64;

/// A ceremony to be begun or finished: what for, where, and what the person sees.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What for.
    pub kind: CeremonyKind,
    /// The random id of the browser, session or registration it belongs to: an answer from elsewhere is not taken.
    pub binding: &'a [u8],
    /// Whose passkey must answer; none when any resident may, as in signing in.
    pub resident: Option<ResidentId>,
    /// Exactly what is shown and approved, in a canonical form; empty when nothing but presence is asked for.
    pub shown: &'a [u8],
}

/// A verified answer.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Who answered.
    pub resident: ResidentId,
    /// With which passkey.
    pub credential: Credential,
    /// Their row, as the ledger confirmed it.
    pub account: Resident,
    /// The signature counter did not grow: perhaps a clone. A signal, the answer stands.
    pub counter_alarm: bool,
    /// Digest of what was approved, as signed.
    pub approved: [u8; 32],
}

/// Begins a ceremony that an existing passkey answers.
///
/// # Errors
/// Of the store.
pub fn begin(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, ask: &Ask<'_>) -> Result<RequestOptions, Fault> {
    let challenge = keep(tx, platform, caller, ask, None)?;
    let allow = match ask.resident {
        Some(id) => credential::standing(tx, id)?.into_iter().map(described).collect(),
        None => Vec::new(),
    };
    Ok(RequestOptions::new(&platform.settings.rp_id, &challenge, allow, lifetime_ms(platform)))
}

/// Begins a ceremony that makes a passkey. `ask.resident` names the account it is for; without one a new random user
/// handle is made, which [`creation`] hands back.
///
/// # Errors
/// Of the store; `StoredData` when the account has no user handle.
pub fn begin_creation(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
) -> Result<CreationOptions, Fault> {
    let (handle, exclude) = match ask.resident {
        None => (caller.random::<64>().to_vec(), Vec::new()),
        Some(id) => {
            let row = resident::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
            let handle = row.user_handle.ok_or_else(|| Fault::stored_data("a closed account makes no passkey"))?;
            (handle, credential::standing(tx, id)?.into_iter().map(described).collect())
        }
    };
    let challenge = keep(tx, platform, caller, ask, Some(&handle))?;
    let settings = &platform.settings;
    let rp = RpEntity { id: settings.rp_id.clone(), name: settings.rp_name.clone() };
    // Providers of passkeys keep this name, so it says nothing of the person.
    let name = format!("{} · {}", settings.rp_name, caller.now.hong_kong_date());
    let user = UserEntity { id: Base64Url(handle), name: name.clone(), display_name: name };
    Ok(CreationOptions::new(rp, user, &challenge, exclude, lifetime_ms(platform)))
}

/// Finishes a ceremony with an existing passkey: takes the challenge out, finds the passkey, does every check of WebAuthn L3
/// section 7.2 and records counter and time. Commit also when it refuses.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub fn answer(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    response: &AuthenticationResponse,
) -> Result<Result<Proof, PasskeyRefusal>, Fault> {
    let claimed = response.claimed_challenge();
    let taken = match take(tx, platform, caller, ask, claimed.as_deref())? {
        Ok(taken) => taken,
        Err(refusal) => return Ok(Err(refusal)),
    };
    prove(tx, platform, caller, &taken.challenge, taken.resident, response)
}

/// The checks of an answer to a challenge the caller knows to be good for one use; [`answer`] is what journeys need, unless their
/// challenge follows from another row that is taken out in the same transaction.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub fn prove(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    challenge: &[u8],
    wanted: Option<ResidentId>,
    response: &AuthenticationResponse,
) -> Result<Result<Proof, PasskeyRefusal>, Fault> {
    for _ in 0..RACES {
        if let Some(outcome) = proved(tx, platform, caller, challenge, wanted, response)? {
            return Ok(outcome);
        }
    }
    Err(lionrock_store::Error::Busy.into())
}

/// One look at the passkey and its checks. None when the passkey was used, changed or removed between looking and writing
/// down: then it is looked at again. Whoever closes an account removes its passkeys, so that cannot be passed by either.
fn proved(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    challenge: &[u8],
    wanted: Option<ResidentId>,
    response: &AuthenticationResponse,
) -> Result<Option<Result<Proof, PasskeyRefusal>>, Fault> {
    const NO: Result<Option<Result<Proof, PasskeyRefusal>>, Fault> = Ok(Some(Err(PasskeyRefusal::PasskeyNotAccepted)));
    let known = credential::by_external_id(tx, &response.id)?
        .filter(|known| known.is_standing() && wanted.is_none_or(|wanted| wanted == known.resident));
    let Some(known) = known else { return NO };
    let account = resident::find(tx, known.resident)?.filter(|row| row.active);
    let Some(account) = account else { return NO };
    let Some(handle) = account.user_handle.clone() else { return NO };
    let origins = origins(platform);
    let expected = AssertionExpectation {
        party: party(platform, &origins),
        challenge,
        user_verification: true,
        allowed: &[],
        person_known: wanted.is_some(),
    };
    let stored = StoredCredential {
        id: &known.external_id,
        public_key: &known.public_key,
        user_handle: &handle,
        sign_count: known.sign_count,
        backup_eligible: known.backup_eligible,
    };
    let verified = match assertion::verify(response, &expected, &stored) {
        Ok(verified) => verified,
        Err(failure) => return Ok(Some(Err(refused(caller, failure)))),
    };
    // Only whoever holds the passkey learns that something is wrong with the account; a removed one is like an unknown one.
    if freshness::signing(tx, platform, &account, &known)? == Signing::Over {
        return NO;
    }
    if !suspension::permits(tx, platform, known.resident, known.id)? {
        return NO;
    }
    let alarm = verified.counter == Counter::Suspicious;
    if !credential::signed(tx, &known, verified.sign_count, verified.backed_up, caller.now, alarm)? {
        return Ok(None);
    }
    Ok(Some(Ok(Proof {
        resident: known.resident,
        approved: digest_part(challenge),
        credential: known,
        account,
        counter_alarm: alarm,
    })))
}

/// Finishes a ceremony that makes a passkey: takes the challenge out and does every check of WebAuthn L3 section 7.1. Returns
/// the credential and the user handle it was made for. Keep it with [`keep_credential`]. Commit also when it refuses.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub fn creation(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    response: &RegistrationResponse,
) -> Result<Result<(NewCredential, [u8; 64]), PasskeyRefusal>, Fault> {
    let claimed = response.claimed_challenge();
    let taken = match take(tx, platform, caller, ask, claimed.as_deref())? {
        Ok(taken) => taken,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let handle = taken.user_handle.and_then(|handle| handle.try_into().ok());
    let handle: [u8; 64] = handle.ok_or_else(|| Fault::stored_data("ceremony.user_handle"))?;
    let origins = origins(platform);
    let expected = RegistrationExpectation {
        party: party(platform, &origins),
        challenge: &taken.challenge,
        algorithms: CoseAlgorithm::OFFERED,
        user_verification: true,
        attestation: AttestationPolicy::Any(None),
    };
    Ok(match registration::verify(response, &expected) {
        Ok(new) => Ok((new, handle)),
        Err(failure) => Err(refused(caller, failure)),
    })
}

/// Keeps a verified passkey for a resident, its name sealed with the resident's key.
///
/// # Errors
/// Of the store and of sealing. A refusal (known already, or no room) is the inner `Err`.
pub fn keep_credential(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    owner: (ResidentId, &ResidentKey),
    name: &CredentialName,
    new: &NewCredential,
) -> Result<Result<Credential, PasskeyRefusal>, Fault> {
    let (resident, key) = owner;
    let id = CredentialId::new(caller.now, caller.random());
    let kept = Credential {
        id,
        resident,
        external_id: new.id.clone(),
        public_key: new.public_key.clone(),
        algorithm: new.algorithm.number(),
        sign_count: new.sign_count,
        backup_eligible: new.backup_eligible,
        backed_up: new.backed_up,
        aaguid: new.aaguid,
        transports: new.transports.clone(),
        attestation: match new.attestation {
            AttestationKind::None => Attestation::None,
            AttestationKind::SelfSigned => Attestation::SelfSigned,
            AttestationKind::Unjudged => Attestation::Unjudged,
            AttestationKind::Trusted => Attestation::Trusted,
        },
        sealed_name: seal_name(platform, caller, resident, key, id, name, 1)?,
        name_version: 1,
        created: caller.now,
        used: None,
        removed: None,
        counter_alarm: None,
        version: 1,
    };
    let chain = serde_json::to_vec(&new.attestation_chain.iter().map(|c| Base64Url(c.clone())).collect::<Vec<_>>())?;
    let chain = (!new.attestation_chain.is_empty()).then_some(chain.as_slice());
    if !credential::add(tx, &kept, chain)? {
        return Ok(Err(PasskeyRefusal::PasskeyTaken));
    }
    let body = json!({
        "attestation": kept.attestation.word(),
        "credential": kept.id.to_string(),
        "custody": kept.custody().word(),
    });
    let event = Event::new("authenticator.added", Some(resident), body);
    freshness::append(tx, platform, caller, Mark::Kept(&kept), &event)?;
    Ok(Ok(kept))
}

/// Takes a passkey away for good: the ledger's entry outlives the row, so that the row cannot be put back. False when it is not
/// this resident's, or removed already.
///
/// # Errors
/// Of the store.
pub fn remove_credential(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    known: &Credential,
    why: &str,
) -> Result<bool, Fault> {
    if !credential::remove(tx, known.resident, known.id, caller.now)? {
        return Ok(false);
    }
    let body = json!({"credential": known.id.to_string(), "why": why});
    let event = Event::new("authenticator.removed", Some(known.resident), body);
    freshness::append(tx, platform, caller, Mark::Removed(known), &event)?;
    Ok(true)
}

/// Whether a resident may hold one more.
///
/// # Errors
/// Of the store.
pub fn has_room(tx: &mut Tx<'_>, resident: ResidentId) -> Result<bool, Fault> {
    Ok(credential::standing(tx, resident)?.len() < MOST_CREDENTIALS)
}

/// Seals the name of a passkey at its version.
///
/// # Errors
/// Of sealing.
pub fn seal_name(
    platform: &Platform,
    caller: &Caller,
    resident: ResidentId,
    key: &ResidentKey,
    id: CredentialId,
    name: &CredentialName,
    version: u64,
) -> Result<Vec<u8>, Fault> {
    let slot = name_slot(&resident, &id, version);
    Ok(platform.keys.seal(Domain::Account, &slot, Some(key), name.reveal().as_bytes(), &*caller.entropy)?.into())
}

/// Where the name of a passkey is sealed.
#[must_use]
pub const fn name_slot<'a>(resident: &'a ResidentId, id: &'a CredentialId, version: u64) -> Slot<'a> {
    Slot {
        table: "credential",
        column: "sealed_name",
        row: id.as_bytes(),
        resident: resident.as_bytes(),
        schema: 1,
        version,
    }
}

/// Turns what a closure gave into what a verb answers, after the commit.
///
/// # Errors
/// The refusal or the fault.
pub fn settle<T, R>(outcome: Result<Result<T, R>, Fault>) -> Result<T, Error<R>> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(refusal)) => Err(Error::Refuse(refusal)),
        Err(fault) => Err(Error::Fault(fault)),
    }
}

/// The digest a challenge ends in: over its random part, the kind, and what is approved.
#[must_use]
pub fn digest(random: &[u8; 32], kind: CeremonyKind, shown: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::default();
    digest.update(b"lionrock ceremony v1\0");
    digest.update(random);
    digest.update(kind.word().as_bytes());
    digest.update(b"\0");
    digest.update(shown);
    digest.finish()
}

/// Makes a challenge for what is asked and keeps it for one answer.
///
/// # Errors
/// Of the store.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    user_handle: Option<&[u8]>,
) -> Result<Vec<u8>, Fault> {
    let random: [u8; 32] = caller.random();
    let challenge = [random, digest(&random, ask.kind, ask.shown)].concat();
    let mut row = Ceremony {
        challenge: challenge.clone(),
        kind: ask.kind,
        binding: bound(platform, &challenge, ask)?,
        resident: ask.resident,
        user_handle: user_handle.map(<[u8]>::to_vec),
        expires: caller.now.after(platform.settings.limits.ceremony),
        proof: None,
    };
    row.proof = Some(of_row(&row).under(platform, ROW)?);
    ceremony::add(tx, &row)?;
    Ok(challenge)
}

/// What an imprint of a ceremony's row is for.
const ROW: &str = "ceremony row";

/// Binds a challenge to what it is for and where it may be answered. The row is found by it, so that one that somebody wrote, or
/// put back with another end, is no ceremony.
fn bound(platform: &Platform, challenge: &[u8], ask: &Ask<'_>) -> Result<[u8; 32], Fault> {
    let parts = Imprint::new().bytes(challenge).text(ask.kind.word()).bytes(ask.binding).whose(ask.resident);
    parts.under(platform, "ceremony")
}

fn of_row(row: &Ceremony) -> Imprint {
    Imprint::new().bytes(&row.binding).maybe(row.user_handle.as_deref()).at(row.expires)
}

/// Takes the challenge of an answer out, if it was made for exactly this.
///
/// # Errors
/// Of the store. A refusal is the inner `Err`.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    claimed: Option<&[u8]>,
) -> Result<Result<Ceremony, PasskeyRefusal>, Fault> {
    let Some(claimed) = claimed else { return Ok(Err(PasskeyRefusal::PasskeyMalformed)) };
    let Some(taken) = ceremony::take(tx, claimed, ask.kind, &bound(platform, claimed, ask)?)? else {
        return Ok(Err(PasskeyRefusal::ChallengeUnknown));
    };
    if taken.resident != ask.resident || !of_row(&taken).is(platform, ROW, taken.proof.as_ref())? {
        return Ok(Err(PasskeyRefusal::ChallengeUnknown));
    }
    if caller.now >= taken.expires {
        return Ok(Err(PasskeyRefusal::ChallengeExpired));
    }
    let random = taken.challenge.first_chunk::<32>().ok_or_else(|| Fault::stored_data("ceremony.challenge"))?;
    if digest(random, ask.kind, ask.shown) != digest_part(&taken.challenge) {
        return Ok(Err(PasskeyRefusal::ShownChanged));
    }
    Ok(Ok(taken))
}

pub(crate) fn digest_part(challenge: &[u8]) -> [u8; 32] {
    challenge.last_chunk::<32>().copied().unwrap_or_default()
}

/// The check's name goes to the log; the person learns only what they can act on.
pub(crate) fn refused(caller: &Caller, failure: Failure) -> PasskeyRefusal {
    tracing::info!(trace = %caller.trace, check = failure.code(), "a passkey's answer was refused");
    match failure {
        Failure::UserVerification => PasskeyRefusal::UserNotVerified,
        Failure::ClientData | Failure::AttestationObject(_) | Failure::AuthenticatorData => {
            PasskeyRefusal::PasskeyMalformed
        }
        _ => PasskeyRefusal::PasskeyNotAccepted,
    }
}

fn origins(platform: &Platform) -> [String; 1] {
    [platform.settings.issuer.clone()]
}

fn party<'a>(platform: &'a Platform, origins: &'a [String]) -> RelyingParty<'a> {
    RelyingParty { id: &platform.settings.rp_id, origins, framing: Framing::Never }
}

fn described(known: Credential) -> Descriptor {
    Descriptor::new(known.external_id, known.transports)
}

pub(crate) fn lifetime_ms(platform: &Platform) -> u32 {
    u32::try_from(platform.settings.limits.ceremony.as_millis()).unwrap_or(u32::MAX)
}
