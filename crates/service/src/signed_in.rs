//! Sessions as steps of a transaction, shared by every journey of a signed-in resident.
//!
//! The cookie carries the session's id and 256 random bits; the store keeps a keyed digest of them, bound to person and passkey, so that
//! writing to the database makes nobody a session. Every proof of presence makes a new secret, so a value
//! planted in a browser beforehand is worth nothing afterwards. What tells where a person was (address, agent) is sealed with their
//! own key.

use crate::{Caller, Error, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::ring::{Domain, Mac, ResidentKey, Slot};
use lionrock_crypto::secret::same;
use lionrock_model::id::{CredentialId, ResidentId, SessionId, SignInId};
use lionrock_model::session::{Device, SECRET_BYTES, Session, SessionRefusal, SignIn, SignInEvent, Spans};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, resident, session};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Uses within this span of the last one are not written down.
const SEEN_STEP: Duration = Duration::from_secs(60);
/// Longest agent kept, in bytes.
const LONGEST_AGENT: usize = 256;

/// A session's id and secret, as the cookie carries them: 64 characters of base64url.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The cookie's value.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a session was opened: sealed, for the person's own eyes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the browser calls itself, cut at 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place(…)")
    }
}

impl Place {
    /// The caller's address and the agent it names.
    #[must_use]
    pub fn of(caller: &Caller, agent: Option<&str>) -> Self {
        let cut = |agent: &str| agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
        Self { address: caller.address.map(|a| a.to_canonical().to_string()), agent: agent.map(cut) }
    }

    fn device(&self) -> Device {
        self.agent.as_deref().map_or(Device::UNKNOWN, Device::from_agent)
    }
}

/// A standing session, found by its cookie.
#[derive(Clone, Debug)]
pub struct Current {
    /// The session.
    pub session: Session,
    /// The person's row; open, or the session would not stand.
    pub resident: resident::Resident,
}

impl Current {
    /// The session's random id, to which ceremonies inside it are bound.
    #[must_use]
    pub fn binding(&self) -> [u8; 16] {
        *self.session.id.as_bytes()
    }

    /// Refuses unless presence was proved within the last five minutes.
    ///
    /// # Errors
    /// [`SessionRefusal::StepUpNeeded`].
    pub fn fresh(&self, platform: &Platform, caller: &Caller) -> Result<(), SessionRefusal> {
        let fresh = self.session.is_fresh(caller.now, &spans(platform));
        if fresh { Ok(()) } else { Err(SessionRefusal::StepUpNeeded) }
    }
}

/// The spans this deployment runs with.
#[must_use]
pub fn spans(platform: &Platform) -> Spans {
    let limits = &platform.settings.limits;
    Spans { idle: limits.session_idle, total: limits.session_total, fresh: limits.step_up }
}

/// Finds the standing session of a cookie.
///
/// # Errors
/// [`SessionRefusal::SignInFirst`] for an unknown value, [`SessionRefusal::SessionOver`] for one whose session ended; faults of the store.
pub fn require(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Current, Error<SessionRefusal>> {
    let (id, secret) = read(cookie).ok_or(Error::Refuse(SessionRefusal::SignInFirst))?;
    let (found, kept) = session::find(tx, id)?.ok_or(Error::Refuse(SessionRefusal::SignInFirst))?;
    let proof = digest(platform, &secret, id, found.resident, found.credential)?;
    if !same(&proof, &kept) {
        return Err(Error::Refuse(SessionRefusal::SignInFirst));
    }
    if found.over(caller.now, &spans(platform)).is_some() {
        return Err(Error::Refuse(SessionRefusal::SessionOver));
    }
    let resident = resident::find(tx, found.resident)?.filter(|row| row.active);
    let resident = resident.ok_or(Error::Refuse(SessionRefusal::SessionOver))?;
    Ok(Current { session: found, resident })
}

/// Whether a use should be written down: the last one lies a minute back.
#[must_use]
pub fn is_stale(current: &Current, caller: &Caller) -> bool {
    caller.now.since(current.session.seen) >= SEEN_STEP
}

/// Opens a session after a proof of presence, and writes the history.
///
/// # Errors
/// Of the store and of sealing.
pub fn open(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: (ResidentId, &ResidentKey),
    credential: CredentialId,
    place: &Place,
) -> Result<(SessionId, Secret), Fault> {
    let (resident, key) = who;
    let id = SessionId::new(caller.now, caller.random());
    let (secret, digest) = new_secret(platform, caller, id, resident, credential)?;
    let slot = session_slot(&resident, id.as_bytes());
    let sealed = seal(platform, caller, key, &slot, place)?;
    let row = Session {
        id,
        resident,
        credential,
        created: caller.now,
        seen: caller.now,
        proved: caller.now,
        ended: None,
        device: place.device(),
        sealed_place: sealed,
    };
    session::add(tx, &row, &digest)?;
    note(tx, platform, caller, who, SignInEvent::SignedIn, Some(credential), place)?;
    Ok((id, secret))
}

/// Notes a fresh proof of presence within a session and gives it a new secret. `None` when the session ended meanwhile.
///
/// # Errors
/// Of the store.
pub fn renew(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    current: &Session,
) -> Result<Option<Secret>, Fault> {
    let (secret, digest) = new_secret(platform, caller, current.id, current.resident, current.credential)?;
    Ok(session::proved(tx, current.id, &digest, caller.now)?.then_some(secret))
}

/// Writes a line of a resident's history.
///
/// # Errors
/// Of the store and of sealing.
pub fn note(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    who: (ResidentId, &ResidentKey),
    event: SignInEvent,
    credential: Option<CredentialId>,
    place: &Place,
) -> Result<(), Fault> {
    let (resident, key) = who;
    let id = SignInId::new(caller.now, caller.random());
    let sealed = seal(platform, caller, key, &place_slot(&resident, id.as_bytes()), place)?;
    let line = SignIn { id, resident, at: caller.now, event, credential, device: place.device(), sealed_place: sealed };
    Ok(session::note(tx, &line)?)
}

/// Where the place of a history line is sealed.
#[must_use]
pub const fn place_slot<'a>(resident: &'a ResidentId, row: &'a [u8; 16]) -> Slot<'a> {
    Slot { table: "sign_in", column: "sealed_place", row, resident: resident.as_bytes(), schema: 1, version: 1 }
}

/// Where the place of a session is sealed.
#[must_use]
pub const fn session_slot<'a>(resident: &'a ResidentId, row: &'a [u8; 16]) -> Slot<'a> {
    Slot { table: "session", column: "sealed_place", row, resident: resident.as_bytes(), schema: 1, version: 1 }
}

/// Moments before which a session cannot stand: begun before the first, or unused since the second.
#[must_use]
pub fn horizon(platform: &Platform, now: Millis) -> (Millis, Millis) {
    let spans = spans(platform);
    (now.before(spans.total), now.before(spans.idle))
}

fn seal(
    platform: &Platform,
    caller: &Caller,
    key: &ResidentKey,
    slot: &Slot<'_>,
    place: &Place,
) -> Result<Vec<u8>, Fault> {
    let plain = serde_json::to_vec(place)?;
    Ok(platform.keys.seal(Domain::Session, slot, Some(key), &plain, &*caller.entropy)?.into())
}

/// A new secret for a session, and what is stored of it.
fn new_secret(
    platform: &Platform,
    caller: &Caller,
    id: SessionId,
    resident: ResidentId,
    credential: CredentialId,
) -> Result<(Secret, [u8; 32]), Fault> {
    let bytes: [u8; SECRET_BYTES] = caller.random();
    let cookie = URL_SAFE_NO_PAD.encode([&id.as_bytes()[..], &bytes].concat());
    Ok((Secret(cookie), digest(platform, &bytes, id, resident, credential)?))
}

/// The keyed digest of a secret, bound to its row: whoever can write to the database can make no session, and turn none into
/// another person's.
fn digest(
    platform: &Platform,
    secret: &[u8],
    id: SessionId,
    resident: ResidentId,
    credential: CredentialId,
) -> Result<[u8; 32], Fault> {
    let message = [&id.as_bytes()[..], resident.as_bytes(), credential.as_bytes(), secret].concat();
    Ok(platform.keys.mac(Mac::Code, "session", &message)?)
}

/// The session's id and its secret, out of a cookie.
fn read(cookie: &str) -> Option<(SessionId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let (id, secret) = bytes.split_at_checked(16)?;
    let id = SessionId::from_bytes(id).ok()?;
    (secret.len() == SECRET_BYTES).then(|| (id, secret.to_vec()))
}
