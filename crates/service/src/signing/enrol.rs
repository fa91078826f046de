//! A resident's signing key and certificate: asked for on the account pages, approved by the passkey that shall guard the key.

use super::{may, own};
use crate::audit::{self, Event};
use crate::authority::{self, Act, Holder, Judged};
use crate::ceremony::{self, settle};
use crate::port::ActivationError;
use crate::{Caller, Error, Fault, Platform, level, recovery, signed_in};
use lionrock_activation::{Authenticator, Enrol, Enrolled, Enrolment, Passkey, text};
use lionrock_crypto::digest::sha256;
use lionrock_model::account::Level;
use lionrock_model::certificate::{By, CertificateRefusal, Ground};
use lionrock_model::credential::{Credential, PasskeyRefusal};
use lionrock_model::id::{CredentialId, ResidentId, SigningKeyId};
use lionrock_model::signing::SigningRefusal;
use lionrock_model::time::Millis;
use lionrock_pki::name;
use lionrock_pki::profile::Profile;
use lionrock_store::signing_key::{self, SigningKey};
use lionrock_store::{Tx, certificate, credential, signing_question};
use lionrock_wire::webauthn::json::{AuthenticationResponse, Base64Url, Descriptor, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Look {
    /// Whether the account is a Plus account.
    pub plus: bool,
    /// Until when a recovery makes the person wait.
    pub cooling: Option<Millis>,
    /// Whether there is a passkey that cannot leave its device.
    pub device_bound: bool,
    /// Whether this platform issues certificates.
    pub authority: bool,
    /// The certificate there is.
    pub certificate: Option<Shown>,
}

/// A certificate as its owner sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Whom it names.
    pub name: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// `ES256`, `ES384` or `RS256`.
    pub algorithm: String,
    /// Until when, Unix milliseconds.
    pub until: Millis,
    /// Whether it is in force now.
    pub good: bool,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

/// What the person has and may do.
///
/// # Errors
/// [`SigningRefusal::SignInFirst`]; faults.
pub async fn look(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Look, Error<SigningRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let who = match signed_in::require(tx, &owned, &caller, &cookie) {
                Ok(current) => current.resident.id,
                Err(Error::Refuse(_)) => return Ok(Err(SigningRefusal::SignInFirst)),
                Err(Error::Fault(fault)) => return Err(fault),
            };
            let key = signing_key::of_resident(tx, who)?.into_iter().next();
            let certificate = key.map(|key| shown(tx, &owned, &caller, &key)).transpose()?;
            Ok(Ok(Look {
                plus: level::level(tx, &owned, who)? >= Level::Plus,
                cooling: recovery::cooling_until(tx, who, caller.now)?,
                device_bound: credential::standing(tx, who)?.iter().any(|known| !known.backup_eligible),
                authority: authority::is_there(tx, &owned, caller.now)?,
                certificate,
            }))
        })
        .await;
    settle(outcome)
}

fn shown(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, key: &SigningKey) -> Result<Shown, Fault> {
    let row = certificate::find(tx, &key.serial)?.ok_or_else(|| Fault::stored_data("a key without its certificate"))?;
    let grant = own(tx, platform, caller, key.resident)?;
    let found = authority::open(platform, Some(&grant), &row)?;
    Ok(Shown {
        name: name::common_name(found.subject()).unwrap_or_default(),
        serial: key.serial.iter().map(|byte| format!("{byte:02x}")).collect(),
        algorithm: key.algorithm.clone(),
        until: row.not_after,
        good: authority::standing(tx, platform, &key.serial, caller.now)? == Judged::Good,
        der: found.der().to_vec(),
    })
}

/// Asks the passkey. `algorithm` is `ES256`, `ES384` or `RS256`.
///
/// # Errors
/// [`SigningRefusal::NotPlus`], [`SigningRefusal::CoolingOff`], [`SigningRefusal::NotDeviceBound`], [`SigningRefusal::NoAuthority`],
/// [`SigningRefusal::RequestMalformed`]; faults.
pub async fn options(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    algorithm: &str,
) -> Result<RequestOptions, Error<SigningRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, algorithm) = (cookie.to_owned(), algorithm.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let current = match may(tx, &owned, &caller, &cookie)? {
                Ok(current) => current,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if lionrock_activation::record::algorithm(&algorithm).is_none() {
                return Ok(Err(SigningRefusal::RequestMalformed));
            }
            if !authority::is_there(tx, &owned, caller.now)? {
                return Ok(Err(SigningRefusal::NoAuthority));
            }
            let who = current.resident.id;
            let Some(guard) = guard(tx, who, current.session.credential)? else {
                return Ok(Err(SigningRefusal::NotDeviceBound));
            };
            let asked = Enrolment {
                algorithm: algorithm.clone(),
                authenticator: sha256(&guard.external_id).into(),
                key: SigningKeyId::new(caller.now, caller.random()).to_string(),
                nonce: caller.random::<32>().into(),
                realm: owned.settings.realm.to_string(),
                resident: who.to_string(),
                subject: authority::reference(&owned, who)?,
                time: caller.now.0,
                v: text::ENROLMENT.to_owned(),
            };
            let canonical = text::canonical(&asked);
            let until = caller.now.after(owned.settings.limits.ceremony);
            signing_question::add(tx, &sha256(&canonical), who, &String::from_utf8_lossy(&canonical), until)?;
            Ok(Ok(asking(&owned, &sha256(&canonical), &guard)))
        })
        .await;
    settle(outcome)
}

/// The passkey that shall guard the key: the one of this session, if it cannot leave its device; else another that cannot.
fn guard(tx: &mut Tx<'_>, who: ResidentId, here: CredentialId) -> Result<Option<Credential>, Fault> {
    let mut bound: Vec<_> =
        credential::standing(tx, who)?.into_iter().filter(|known| !known.backup_eligible && !known.backed_up).collect();
    bound.sort_by_key(|known| (known.id != here, known.created));
    Ok(bound.into_iter().next())
}

/// Options for one passkey alone.
pub(super) fn asking(platform: &Platform, challenge: &[u8], guard: &Credential) -> RequestOptions {
    let lifetime = u32::try_from(platform.settings.limits.ceremony.as_millis()).unwrap_or(u32::MAX);
    let allowed = vec![Descriptor::new(guard.external_id.clone(), guard.transports.clone())];
    RequestOptions::new(&platform.settings.rp_id, challenge, allowed, lifetime)
}

/// What the activation process needs of a passkey's answer.
pub(super) fn passkey(answer: &AuthenticationResponse) -> Passkey {
    Passkey {
        authenticator_data: Base64Url(answer.authenticator_data.clone()),
        client_data: Base64Url(answer.client_data_json.clone()),
        id: Base64Url(answer.id.clone()),
        signature: Base64Url(answer.signature.clone()),
        user_handle: answer.user_handle.clone().map(Base64Url),
    }
}

/// What the activation process says, as the person hears it.
pub(super) fn told(caller: &Caller, error: &ActivationError) -> SigningRefusal {
    tracing::warn!(trace = %caller.trace, %error, "the activation process signed nothing");
    match error {
        ActivationError::Refused(_) => SigningRefusal::SoleControlRefused,
        ActivationError::Lost | ActivationError::Unavailable => SigningRefusal::SoleControlUnavailable,
    }
}

/// Makes the key and its certificate. An older one ends with it.
///
/// # Errors
/// As [`options`]; of the passkey; [`SigningRefusal::SoleControlUnavailable`], [`SigningRefusal::SoleControlRefused`]; faults.
pub async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    answer: AuthenticationResponse,
) -> Result<SigningKeyId, Error<SigningRefusal>> {
    let order = {
        let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
        settle(platform.store.write(move |tx| proved(tx, &owned, &caller, &cookie, &answer)).await)?
    };
    let (order, guard, asked) = order;
    let made = platform.ports.activation.enrol(order).await.map_err(|error| Error::Refuse(told(caller, &error)))?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| keep(tx, &owned, &caller, &asked, guard, &made)).await;
    settle(outcome)
}

fn proved(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
    answer: &AuthenticationResponse,
) -> super::Refused<(Enrol, CredentialId, Enrolment)> {
    let current = match may(tx, platform, caller, cookie)? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let unknown = Ok(Err(PasskeyRefusal::ChallengeUnknown.into()));
    let who = current.resident.id;
    let Some(challenge) = answer.claimed_challenge().and_then(|it| <[u8; 32]>::try_from(it).ok()) else {
        return Ok(Err(PasskeyRefusal::PasskeyMalformed.into()));
    };
    let Some((canonical, until)) = signing_question::take(tx, &challenge, who)? else { return unknown };
    if caller.now >= until {
        return Ok(Err(PasskeyRefusal::ChallengeExpired.into()));
    }
    let asked: Enrolment = match text::read(canonical.as_bytes()) {
        // The text is what its digest says: whoever wrote another into the store wrote another challenge.
        Some(asked) if sha256(canonical.as_bytes()) == challenge => asked,
        _ => return unknown,
    };
    let known = credential::by_external_id(tx, &answer.id)?.filter(|known| known.resident == who);
    let Some(known) = known.filter(|known| asked.authenticator == sha256(&known.external_id).into()) else {
        return Ok(Err(SigningRefusal::NotDeviceBound));
    };
    let proof = match ceremony::prove(tx, platform, caller, &challenge, Some(who), answer)? {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let handle = proof.account.user_handle.clone().unwrap_or_default();
    let authenticator = Authenticator {
        id: Base64Url(known.external_id),
        public_key: Base64Url(known.public_key),
        sign_count: known.sign_count,
        user_handle: Base64Url(handle),
    };
    let order = Enrol { authenticator, passkey: passkey(answer), text: Base64Url(canonical.into_bytes()) };
    Ok(Ok((order, known.id, asked)))
}

fn keep(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    asked: &Enrolment,
    guard: CredentialId,
    made: &Enrolled,
) -> super::Refused<SigningKeyId> {
    let wrong = |_| Fault::bug("an enrolment of ours");
    let who = ResidentId::parse(&asked.resident).map_err(wrong)?;
    let id = SigningKeyId::parse(&asked.key).map_err(wrong)?;
    for old in signing_key::of_resident(tx, who)? {
        match authority::change(tx, platform, caller, &old.serial, Act::Revoke(Ground::Superseded), By::Resident) {
            Ok(()) | Err(Error::Refuse(_)) => {}
            Err(Error::Fault(fault)) => return Err(fault),
        }
        signing_key::remove(tx, who, old.id)?;
    }
    let grant = own(tx, platform, caller, who)?;
    let request = authority::Request {
        profile: Profile::ResidentSigning,
        holder: Holder::Resident(&grant),
        request: &made.request.0,
        days: None,
    };
    let issued = match authority::issue(tx, platform, caller, &request) {
        Ok(issued) => issued,
        Err(Error::Refuse(CertificateRefusal::NoAuthority)) => return Ok(Err(SigningRefusal::NoAuthority)),
        Err(Error::Refuse(refusal)) => return Err(Fault::bug(format!("no certificate for a fresh key: {refusal:?}"))),
        Err(Error::Fault(fault)) => return Err(fault),
    };
    let row = SigningKey {
        id,
        version: 1,
        resident: who,
        credential: guard,
        algorithm: asked.algorithm.clone(),
        serial: issued.certificate.serial().to_vec(),
        sealed_record: made.record.0.clone(),
        created: caller.now,
    };
    signing_key::insert(tx, &row)?;
    let body = json!({
        "algorithm": row.algorithm,
        "credential": guard.to_string(),
        "key": id.to_string(),
        "serial": row.serial.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
    });
    audit::append(tx, platform, caller, &Event::new("signing.enrolled", Some(who), body))?;
    Ok(Ok(id))
}
