//! Ceremonies with the keys of officers: the staff house is a relying party of its own.

use super::House;
use super::attest;
use super::house::{self, Seat};
use crate::ceremony::{self, Ask};
use crate::{Caller, Fault, Platform};
use lionrock_model::credential::PasskeyRefusal;
use lionrock_model::staff::DutyRefusal;
use lionrock_store::Tx;
use lionrock_store::officer_credential::{self, OfficerKey};
use lionrock_wire::webauthn::assertion::Counter;
use lionrock_wire::webauthn::attestation::AttestationPolicy;
use lionrock_wire::webauthn::cose::CoseAlgorithm;
use lionrock_wire::webauthn::json::{
    AuthenticationResponse, Base64Url, CreationOptions, Descriptor, RegistrationResponse, RequestOptions, RpEntity,
    UserEntity,
};
use lionrock_wire::webauthn::{
    AssertionExpectation, Failure, Framing, NewCredential, RegistrationExpectation, RelyingParty, StoredCredential,
    assertion, registration,
};

/// A verified answer of an officer's key.
pub(crate) struct Answered {
    pub seat: Seat,
    pub key: OfficerKey,
}

/// The house, or the refusal that there is none.
pub(crate) fn house(platform: &Platform) -> Result<&House, DutyRefusal> {
    platform.settings.staff.as_ref().ok_or(DutyRefusal::NoHouse)
}

/// A question that an officer's key answers; `keys` may, or any.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    keys: &[OfficerKey],
) -> Result<Result<RequestOptions, DutyRefusal>, Fault> {
    let house = match house(platform) {
        Ok(house) => house,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let challenge = ceremony::keep(tx, platform, caller, ask, None)?;
    let allow = keys.iter().filter(|key| key.removed.is_none());
    let allow = allow.map(|key| Descriptor::new(key.external_id.clone(), Vec::new())).collect();
    Ok(Ok(RequestOptions::new(&house.rp_id, &challenge, allow, ceremony::lifetime_ms(platform))))
}

/// Takes the question out and does every check of WebAuthn L3 section 7.2, as AAL3 wants it: user verified, not a copied key. Commit
/// also when it refuses.
pub(crate) fn answer(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    response: &AuthenticationResponse,
) -> Result<Result<Answered, DutyRefusal>, Fault> {
    let house = match house(platform) {
        Ok(house) => house,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let claimed = response.claimed_challenge();
    let taken = match ceremony::take(tx, platform, caller, ask, claimed.as_deref())? {
        Ok(taken) => taken,
        Err(refusal) => return Ok(Err(of(refusal))),
    };
    let Some(key) = officer_credential::by_external_id(tx, &response.id)?.filter(|key| key.removed.is_none()) else {
        return Ok(Err(DutyRefusal::KeyNotAccepted));
    };
    let Some(seat) = house::find(tx, platform, key.officer)? else { return Ok(Err(DutyRefusal::KeyNotAccepted)) };
    // The key as the ledger confirmed it, not as it was looked up.
    let known = seat.keys.iter().find(|one| one.id == key.id && one.external_id == key.external_id).cloned();
    let Some(key) = known.filter(|key| key.removed.is_none()) else { return Ok(Err(DutyRefusal::KeyNotAccepted)) };
    let origins = [house.origin.clone()];
    let expected = AssertionExpectation {
        party: party(house, &origins),
        challenge: &taken.challenge,
        user_verification: true,
        allowed: &[],
        person_known: false,
    };
    let stored = StoredCredential {
        id: &key.external_id,
        public_key: &key.public_key,
        user_handle: &seat.kept.user_handle,
        sign_count: key.sign_count,
        backup_eligible: false,
    };
    // Some authenticators leave the handle out when the question names their keys; the key belongs to one officer alone.
    let mut response = response.clone();
    if !ask.shown.is_empty() && response.user_handle.is_none() {
        response.user_handle = Some(seat.kept.user_handle.clone());
    }
    let verified = match assertion::verify(&response, &expected, &stored) {
        Ok(verified) => verified,
        Err(Failure::BackupEligibility) => return Ok(Err(DutyRefusal::KeySynced)),
        Err(failure) => return Ok(Err(of(ceremony::refused(caller, failure)))),
    };
    let alarm = verified.counter == Counter::Suspicious;
    if !officer_credential::signed(tx, &key, verified.sign_count, caller.now, alarm)? {
        return Err(lionrock_store::Error::Busy.into());
    }
    // A key of staff whose counter stands still is not taken: unlike residents, they have somebody to turn to.
    if alarm {
        return Ok(Err(DutyRefusal::KeyNotAccepted));
    }
    Ok(Ok(Answered { seat, key }))
}

/// A question that makes a key: attested, bound to its device, and not on an authenticator that holds a key of any officer.
pub(crate) fn begin_creation(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    user_handle: &[u8],
) -> Result<Result<CreationOptions, DutyRefusal>, Fault> {
    let house = match house(platform) {
        Ok(house) => house,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let challenge = ceremony::keep(tx, platform, caller, ask, Some(user_handle))?;
    let exclude = officer_credential::standing(tx)?.into_iter().map(|id| Descriptor::new(id, Vec::new())).collect();
    let name = format!("{} · staff", platform.settings.rp_name);
    let rp = RpEntity { id: house.rp_id.clone(), name: name.clone() };
    let name = format!("{name} · {}", caller.now.hong_kong_date());
    let user = UserEntity { id: Base64Url(user_handle.to_vec()), name: name.clone(), display_name: name };
    let mut options = CreationOptions::new(rp, user, &challenge, exclude, ceremony::lifetime_ms(platform));
    options.attestation = "direct".to_owned();
    Ok(Ok(options))
}

/// Takes the question out and does every check of WebAuthn L3 section 7.1; the maker must vouch for the model. Commit also when it
/// refuses.
pub(crate) fn creation(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    ask: &Ask<'_>,
    response: &RegistrationResponse,
) -> Result<Result<(NewCredential, Vec<u8>), DutyRefusal>, Fault> {
    let house = match house(platform) {
        Ok(house) => house,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let claimed = response.claimed_challenge();
    let taken = match ceremony::take(tx, platform, caller, ask, claimed.as_deref())? {
        Ok(taken) => taken,
        Err(refusal) => return Ok(Err(of(refusal))),
    };
    let handle = taken.user_handle.ok_or_else(|| Fault::stored_data("ceremony.user_handle"))?;
    let origins = [house.origin.clone()];
    let judge = |chain: &[Vec<u8>], model: [u8; 16]| attest::trusted(house, chain, model, caller.now);
    let expected = RegistrationExpectation {
        party: party(house, &origins),
        challenge: &taken.challenge,
        algorithms: CoseAlgorithm::OFFERED,
        user_verification: true,
        attestation: AttestationPolicy::Trusted(&judge),
    };
    let new = match registration::verify(response, &expected) {
        Ok(new) => new,
        Err(Failure::AttestationTrust | Failure::AttestationFormat | Failure::AttestationStatement) => {
            return Ok(Err(DutyRefusal::KeyNotAttested));
        }
        Err(failure) => return Ok(Err(of(ceremony::refused(caller, failure)))),
    };
    if new.backup_eligible || new.backed_up {
        return Ok(Err(DutyRefusal::KeySynced));
    }
    Ok(Ok((new, handle)))
}

/// Keeps a new key of an officer. `None` when the key is known already, whoever's it is or was.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    caller: &Caller,
    officer: lionrock_model::id::OfficerId,
    new: &NewCredential,
) -> Result<Option<OfficerKey>, Fault> {
    let chain = new.attestation_chain.iter().map(|one| Base64Url(one.clone())).collect::<Vec<_>>();
    let key = OfficerKey {
        id: lionrock_model::id::OfficerKeyId::new(caller.now, caller.random()),
        officer,
        external_id: new.id.clone(),
        public_key: new.public_key.clone(),
        algorithm: new.algorithm.number(),
        sign_count: new.sign_count,
        aaguid: new.aaguid,
        chain: serde_json::to_vec(&chain)?,
        created: caller.now,
        used: None,
        removed: None,
        counter_alarm: None,
        version: 1,
    };
    Ok(officer_credential::add(tx, &key)?.then_some(key))
}

fn party<'a>(house: &'a House, origins: &'a [String]) -> RelyingParty<'a> {
    RelyingParty { id: &house.rp_id, origins, framing: Framing::Never }
}

fn of(refusal: PasskeyRefusal) -> DutyRefusal {
    match refusal {
        PasskeyRefusal::ChallengeUnknown | PasskeyRefusal::ChallengeExpired => DutyRefusal::QuestionOver,
        PasskeyRefusal::ShownChanged => DutyRefusal::ShownChanged,
        PasskeyRefusal::UserNotVerified => DutyRefusal::UserNotVerified,
        PasskeyRefusal::PasskeyMalformed => DutyRefusal::Malformed,
        _ => DutyRefusal::KeyNotAccepted,
    }
}
