//! Sessions of officers: a cookie of their own, fifteen minutes idle, twelve hours at most.

use super::{House, house, passkey};
use crate::audit::{self, Event};
use crate::{Caller, Error, Fault, Platform};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lionrock_crypto::ring::Mac;
use lionrock_crypto::secret::same;
use lionrock_model::id::{OfficerId, OfficerKeyId, OfficerSessionId};
use lionrock_model::policy::staff::{Action, Question};
use lionrock_model::session::{Device, SECRET_BYTES};
use lionrock_model::staff::{DutyRefusal, Officer, OfficerState, Post, SESSION_IDLE, SESSION_TOTAL};
use lionrock_store::officer_session::{self, OfficerSession};
use lionrock_store::{Tx, officer};
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Uses within this span of the last one are not written down.
const SEEN_STEP: Duration = Duration::from_secs(60);

/// A session's id and secret, as the cookie carries them.
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

/// An officer at work: their session stands, their rights stand, and the ledger confirms their row.
#[derive(Clone, Debug)]
pub struct OnDuty {
    /// Who.
    pub officer: Officer,
    /// Keyed code of their staff number: the person behind the id.
    pub person: [u8; 32],
    /// The session.
    pub session: OfficerSessionId,
    /// The key that opened it.
    pub key: OfficerKeyId,
    /// Where they sit just now.
    pub post: Post,
    /// Name and number.
    pub named: house::Named,
    /// When the session began.
    pub since: lionrock_model::time::Millis,
}

impl OnDuty {
    /// May they do that, here and now? To be completed and asked of [`super::policy::decide`].
    #[must_use]
    pub fn question(&self, caller: &Caller, action: Action) -> Question {
        let hour = u8::try_from(caller.now.hong_kong().hour()).unwrap_or(u8::MAX);
        Question::new(&self.officer, action, hour, self.post)
    }

    /// Whether the policy would permit it: for showing or hiding a link. Nothing is written.
    #[must_use]
    pub fn may(&self, caller: &Caller, action: Action) -> bool {
        lionrock_model::policy::staff::permit(&self.question(caller, action)).is_ok()
    }

    /// What ceremonies inside the session are bound to.
    #[must_use]
    pub fn binding(&self) -> [u8; 16] {
        *self.session.as_bytes()
    }
}

/// The officer of a cookie, and notes the use once a minute.
///
/// # Errors
/// [`DutyRefusal::SignInFirst`], [`DutyRefusal::SessionOver`], [`DutyRefusal::RightsOver`]; faults, when the rows are not what the
/// ledger says.
pub async fn require(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<OnDuty, Error<DutyRefusal>> {
    let (owned, asking, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let found = platform.store.read(move |tx| on_duty(tx, &owned, &asking, &cookie)).await?;
    let (id, who, now) = (found.session, found.officer.id, caller.now);
    platform
        .store
        .write(move |tx| {
            let stale = officer_session::find(tx, id)?.is_some_and(|(session, _)| now.since(session.seen) >= SEEN_STEP);
            if stale {
                officer_session::seen(tx, id, now)?;
                officer::used(tx, who, now)?;
            }
            Ok::<_, Fault>(())
        })
        .await?;
    Ok(found)
}

/// As [`require`], as a step of a transaction; the use is not noted.
///
/// # Errors
/// As [`require`].
pub fn on_duty(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<OnDuty, Error<DutyRefusal>> {
    let refuse = |refusal| Err(Error::Refuse(refusal));
    let house = passkey::house(platform).map_err(Error::Refuse)?;
    let Some((id, secret)) = read(cookie) else { return refuse(DutyRefusal::SignInFirst) };
    let Some((session, kept)) = officer_session::find(tx, id)? else { return refuse(DutyRefusal::SignInFirst) };
    if !same(&digest(platform, &secret, &session)?, &kept) {
        return refuse(DutyRefusal::SignInFirst);
    }
    let over = session.ended.is_some()
        || caller.now.since(session.created) >= SESSION_TOTAL
        || caller.now.since(session.seen) >= SESSION_IDLE
        || caller.now < session.created;
    if over {
        return refuse(DutyRefusal::SessionOver);
    }
    let Some(seat) = house::find(tx, platform, session.officer)? else { return refuse(DutyRefusal::SessionOver) };
    if !seat.keys.iter().any(|key| key.id == session.credential && key.removed.is_none()) {
        return refuse(DutyRefusal::SessionOver);
    }
    let officer = seat.kept.officer.clone();
    if officer.state == OfficerState::Ended {
        return refuse(DutyRefusal::SessionOver);
    }
    if !officer.stands(caller.now) {
        return refuse(DutyRefusal::RightsOver);
    }
    Ok(OnDuty {
        post: house.post(&officer.unit, caller.address),
        person: seat.kept.person,
        named: house::open_name(platform, &seat.kept)?,
        officer,
        session: session.id,
        key: session.credential,
        since: session.created,
    })
}

/// Opens a session for an officer whose key just answered.
pub(super) fn open(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    answered: &passkey::Answered,
    agent: Option<&str>,
) -> Result<Secret, Fault> {
    let officer = &answered.seat.kept.officer;
    let post = platform
        .settings
        .staff
        .as_ref()
        .map_or(Post::NOWHERE, |house: &House| house.post(&officer.unit, caller.address));
    let session = OfficerSession {
        id: OfficerSessionId::new(caller.now, caller.random()),
        officer: officer.id,
        credential: answered.key.id,
        created: caller.now,
        seen: caller.now,
        ended: None,
        device: agent.map_or(Device::UNKNOWN, Device::from_agent).word(),
        place: post.kind.word().to_owned(),
    };
    let bytes: [u8; SECRET_BYTES] = caller.random();
    officer_session::add(tx, &session, &digest(platform, &bytes, &session)?)?;
    officer::used(tx, officer.id, caller.now)?;
    let body = json!({
        "key": answered.key.id.to_string(),
        "officer": officer.id.to_string(),
        "place": session.place,
        "role": officer.role.word(),
        "unit": officer.unit.as_str(),
    });
    audit::append(tx, platform, caller, &Event::new("staff.signed-in", None, body))?;
    Ok(Secret(URL_SAFE_NO_PAD.encode([&session.id.as_bytes()[..], &bytes].concat())))
}

/// Ends the session of a cookie; one that stands for nothing is signed out already.
///
/// # Errors
/// Faults only.
pub async fn sign_out(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<(), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let Some((id, secret)) = read(&cookie) else { return Ok(()) };
            let Some((session, kept)) = officer_session::find(tx, id)? else { return Ok(()) };
            if same(&digest(&owned, &secret, &session)?, &kept) {
                end(tx, &owned, &caller, session.officer, id, "signed-out")?;
            }
            Ok(())
        })
        .await
}

/// An officer's own sessions that stand.
///
/// # Errors
/// As [`require`].
pub async fn own(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<(OnDuty, Vec<OfficerSession>), Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie)?;
            let (born, seen) = (caller.now.before(SESSION_TOTAL), caller.now.before(SESSION_IDLE));
            let open = officer_session::open(tx, duty.officer.id, born, seen)?;
            Ok((duty, open))
        })
        .await
}

/// Ends one of an officer's own sessions; answers whether there was one of that id.
///
/// # Errors
/// As [`require`].
pub async fn end_own(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: OfficerSessionId,
) -> Result<bool, Error<DutyRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let duty = on_duty(tx, &owned, &caller, &cookie)?;
            Ok(end(tx, &owned, &caller, duty.officer.id, id, "ended")?)
        })
        .await
}

fn end(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    officer: OfficerId,
    id: OfficerSessionId,
    why: &'static str,
) -> Result<bool, Fault> {
    let ended = officer_session::end(tx, officer, id, why, caller.now)?;
    if ended {
        let body = json!({"officer": officer.to_string(), "why": why});
        audit::append(tx, platform, caller, &Event::new("staff.signed-out", None, body))?;
    }
    Ok(ended)
}

/// Bound to its row, officer and key: whoever can write to the database can make no session, and turn none into another's.
fn digest(platform: &Platform, secret: &[u8], session: &OfficerSession) -> Result<[u8; 32], Fault> {
    let ids = [&session.id.as_bytes()[..], session.officer.as_bytes(), session.credential.as_bytes()].concat();
    let message = [&ids[..], &session.created.0.to_be_bytes(), secret].concat();
    Ok(platform.keys.mac(Mac::Code, "staff session", &message)?)
}

fn read(cookie: &str) -> Option<(OfficerSessionId, Vec<u8>)> {
    let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
    let (id, secret) = bytes.split_at_checked(16)?;
    let id = OfficerSessionId::from_bytes(id).ok()?;
    (secret.len() == SECRET_BYTES).then(|| (id, secret.to_vec()))
}
