//! Errands as steps of a transaction. Each row carries an imprint over itself; one that was written by somebody else's hand does not
//! exist, and an alarm is raised.

use crate::audit::Event;
use crate::freshness::{self, Mark};
use crate::imprint::Imprint;
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_model::counter::{CODE_LIFE, CaseKind, CaseState, HandOverCode};
use lionrock_model::id::{CaseId, RegistrationId, ResidentId};
use lionrock_model::level::{EVIDENCE, Ground};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::counter_case::{self, Case};
use serde_json::json;

/// A new errand of a kind, not written yet.
#[must_use]
pub(crate) fn new(caller: &Caller, kind: CaseKind) -> Case {
    Case {
        id: CaseId::new(caller.now, caller.random()),
        version: 1,
        kind,
        state: CaseState::Waiting,
        ground: None,
        officer: None,
        unit: None,
        resident: None,
        registration: None,
        code: None,
        tries: 0,
        approval: None,
        proof: [0; 32],
        opened: caller.now,
        expires: caller.now.after(CODE_LIFE),
        ended: None,
    }
}

/// Writes a new errand down.
///
/// # Errors
/// Of the store.
pub(crate) fn add(tx: &mut Tx<'_>, platform: &Platform, mut case: Case) -> Result<Case, Fault> {
    case.proof = imprint(&case).under(platform, LABEL)?;
    counter_case::insert(tx, &case)?;
    Ok(case)
}

/// Writes a changed errand back.
///
/// # Errors
/// Of the store; `Busy` when somebody else was faster.
pub(crate) fn save(tx: &mut Tx<'_>, platform: &Platform, mut case: Case) -> Result<Case, Fault> {
    case.version += 1;
    case.proof = imprint(&case).under(platform, LABEL)?;
    if counter_case::update(tx, &case)? { Ok(case) } else { Err(lionrock_store::Error::Busy.into()) }
}

/// Ends an errand; its code is good no more.
///
/// # Errors
/// As [`save`].
pub(crate) fn end(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, case: Case) -> Result<(), Fault> {
    let over = Case { state: CaseState::Ended, code: None, ended: Some(caller.now), ..case };
    save(tx, platform, over).map(drop)
}

/// An errand that is not over.
///
/// # Errors
/// Of the store.
pub(crate) fn find(tx: &mut Tx<'_>, platform: &Platform, id: CaseId, now: Millis) -> Result<Option<Case>, Fault> {
    let found = counter_case::find(tx, id)?;
    good(platform, found, now)
}

/// The newest errand of a kind of a resident that is not over.
///
/// # Errors
/// Of the store.
pub(crate) fn of_resident(
    tx: &mut Tx<'_>,
    platform: &Platform,
    who: ResidentId,
    kind: CaseKind,
    now: Millis,
) -> Result<Option<Case>, Fault> {
    let found = counter_case::of_resident(tx, who, kind)?;
    good(platform, found, now)
}

/// The newest errand of a kind about a registration that is not over.
///
/// # Errors
/// Of the store.
pub(crate) fn of_registration(
    tx: &mut Tx<'_>,
    platform: &Platform,
    id: RegistrationId,
    kind: CaseKind,
    now: Millis,
) -> Result<Option<Case>, Fault> {
    let found = counter_case::of_registration(tx, id, kind)?;
    good(platform, found, now)
}

/// The errand that waits for this code.
///
/// # Errors
/// Of the store.
pub(crate) fn by_code(
    tx: &mut Tx<'_>,
    platform: &Platform,
    code: &HandOverCode,
    now: Millis,
) -> Result<Option<Case>, Fault> {
    let found = counter_case::by_code(tx, &digest(platform, code)?)?;
    Ok(good(platform, found, now)?.filter(|case| case.state == CaseState::Waiting))
}

/// The keyed digest of a code, as stored.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub(crate) fn digest(platform: &Platform, code: &HandOverCode) -> Result<[u8; 32], Fault> {
    Imprint::new().text(code.reveal()).under(platform, "hand-over code")
}

/// Those that are as we wrote them, and not over.
pub(crate) fn good(platform: &Platform, found: Option<Case>, now: Millis) -> Result<Option<Case>, Fault> {
    let Some(case) = found else { return Ok(None) };
    if !imprint(&case).is(platform, LABEL, Some(&case.proof))? {
        platform.vault.raise(Alarm { resident: case.resident, what: "counter-case" });
        return Ok(None);
    }
    Ok((case.ended.is_none() && now < case.expires).then_some(case))
}

const LABEL: &str = "counter case";

fn imprint(case: &Case) -> Imprint {
    Imprint::new()
        .bytes(case.id.as_bytes())
        .number(case.version)
        .text(case.kind.word())
        .text(case.state.word())
        .maybe(case.ground.map(Ground::word).map(str::as_bytes))
        .maybe(case.officer.as_ref().map(<[u8; 16]>::as_slice))
        .maybe(case.unit.as_deref().map(str::as_bytes))
        .whose(case.resident)
        .maybe(case.registration.as_ref().map(|id| id.as_bytes().as_slice()))
        .maybe(case.code.as_ref().map(<[u8; 32]>::as_slice))
        .number(case.tries)
        .maybe(case.approval.as_ref().map(<[u8; 16]>::as_slice))
        .at(case.opened)
        .at(case.expires)
        .maybe(case.ended.map(|at| at.0.to_be_bytes()).as_ref().map(<[u8; 8]>::as_slice))
}

/// Card and face of the person of an errand were proofed again, in the transaction in which the registry confirmed the card: the
/// errand is shown when the card is that of the account it is about.
///
/// # Errors
/// Of the store.
pub(crate) fn proofed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    owner: Option<ResidentId>,
    subject: Option<&[u8]>,
) -> Result<bool, Fault> {
    let id = subject.and_then(|id| CaseId::from_bytes(id).ok());
    let id = id.ok_or_else(|| Fault::stored_data("a repeated proofing belongs to an errand"))?;
    let Some(mut case) = find(tx, platform, id, caller.now)? else { return Ok(false) };
    if owner.is_none() || case.resident != owner || case.state != CaseState::Opened {
        return Ok(false);
    }
    case.state = CaseState::Shown;
    case.ground = Some(Ground::Proofing);
    case.expires = caller.now.after(EVIDENCE);
    let body = json!({"case": id.to_string(), "errand": case.kind.word(), "ground": Ground::Proofing.word()});
    let event = Event::new("errand.shown", case.resident, body);
    case.approval = Some(freshness::append(tx, platform, caller, Mark::Shown(id), &event)?);
    save(tx, platform, case)?;
    Ok(true)
}

/// Ends an errand that came to its end, if it is not over yet.
///
/// # Errors
/// Of the store.
pub(crate) fn over(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, id: CaseId) -> Result<(), Fault> {
    match find(tx, platform, id, caller.now)? {
        Some(case) => end(tx, platform, caller, case),
        None => Ok(()),
    }
}
