//! Break-glass: two officers of two units sign the same text; for half an hour each of them opens tickets of purpose `break-glass`
//! without a further approval. The privacy officers hear of it in the same transaction, every opening is written down as always, and a
//! review is due: if nobody outside their units makes it in time, both are suspended (promises C-14, section 4.3).

use crate::audit::{self, Event, NOBODY};
use crate::freshness::{self, Mark};
use crate::monitor::finding;
use crate::right;
use crate::staff::{self, OnDuty};
use crate::{Caller, Error, Fault, Platform};
use lionrock_crypto::ring::{Domain, Mac, Slot};
use lionrock_model::break_glass::{BreakGlassRefusal as Refusal, JOINS, REVIEWED, Reason, STANDS, State, Terms};
use lionrock_model::id::{BreakGlassId, OfficerId};
use lionrock_model::monitor::Rule;
use lionrock_model::policy::Purpose;
use lionrock_model::policy::staff::{Action, StaffRefusal};
use lionrock_model::staff::{Role, Unit};
use lionrock_model::ticket::{CaseNumber, Note};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::break_glass as rows;
pub use lionrock_store::break_glass::BreakGlass;
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;

/// The step of being opened, of being reviewed, of being overdue.
const OPENED: &str = "glass opened";
const REVIEW: &str = "glass reviewed";
const OVERDUE: &str = "glass overdue";

type Ruled<T> = Result<Result<T, Refusal>, Error<Refusal>>;

/// A breaking of the glass that stands for one of its two officers.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Which.
    pub id: BreakGlassId,
    /// The other officer, as they signed.
    pub other: (OfficerId, Role, Unit),
}

/// Writes down that an officer wants it. It waits for their signature, and then for a second officer's.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn draft(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    (reason, incident): (&str, &str),
) -> Result<BreakGlass, Error<Refusal>> {
    let reason = Reason::from_word(reason).ok_or(Error::Refuse(Refusal::BreakGlassReason))?;
    let incident = CaseNumber::parse(incident).map_err(|_| Error::Refuse(Refusal::BreakGlassIncident))?;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            if right::permit_opening(
                &on,
                &caller,
                Action::BreakGlassOpen,
                (Purpose::BreakGlass, Purpose::BreakGlass.fields()),
            )
            .is_err()
            {
                return no(tx, &owned, &caller, &on, None, Refusal::BreakGlassNotPermitted);
            }
            let terms = Terms {
                id: BreakGlassId::new(caller.now, caller.random()),
                realm: owned.settings.realm.to_string(),
                first: on.officer.id,
                unit: on.officer.unit.clone(),
                reason,
                incident: incident.clone(),
                asked: caller.now,
            };
            let mut row = BreakGlass {
                terms,
                version: 1,
                state: State::Drafted,
                second: None,
                opened: None,
                review_due: None,
                reviewed: None,
                reviewed_by: None,
                suspended: None,
                first_proof: None,
                second_proof: None,
                sealed_review: None,
                code: [0; 32],
            };
            row.code = code(&owned, &row)?;
            rows::insert(tx, &row)?;
            Ok(Ok(row))
        })
        .await;
    settle(outcome)
}

/// What an officer signs next: as the first one their own text, as the second one the same.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn sign_options(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: BreakGlassId,
) -> Result<RequestOptions, Error<Refusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            match turn(tx, &owned, &caller, &on, id)? {
                Ok((row, action)) => {
                    let asked = right::begin(tx, &owned, &caller, &on, (action, &row.terms.text()))?;
                    Ok(asked.ok_or(Refusal::BreakGlassNotPermitted))
                }
                Err(refusal) => Ok(Err(refusal)),
            }
        })
        .await;
    settle(outcome)
}

/// A signature. After the second one the glass is broken, and the privacy officers hear of it.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn sign(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: BreakGlassId,
    answer: AuthenticationResponse,
) -> Result<State, Error<Refusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let (mut row, action) = match turn(tx, &owned, &caller, &on, id)? {
                Ok(turn) => turn,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let act = match right::check(tx, &owned, &caller, &on, (action, &row.terms.text()), &answer)? {
                Some(act) => act,
                None => return no(tx, &owned, &caller, &on, Some(id), Refusal::BreakGlassSignature),
            };
            if row.state == State::Drafted {
                row.first_proof = Some(act.to_vec());
                row.state = State::Asked;
                audit::append(tx, &owned, &caller, &Event::new("break-glass.asked", None, said(&row)))?;
                keep(tx, &owned, &row)?;
                return Ok(Ok(row.state));
            }
            row.second = Some((on.officer.id, on.officer.unit.clone()));
            row.second_proof = Some(act.to_vec());
            row.state = State::Open;
            row.opened = Some(caller.now);
            row.review_due = Some(caller.now.after(REVIEWED));
            let event = Event::new("break-glass.opened", None, said(&row));
            freshness::append(tx, &owned, &caller, Mark::StaffStep(id.as_bytes(), OPENED), &event)?;
            keep(tx, &owned, &row)?;
            notify(tx, &owned, &caller, &row)?;
            Ok(Ok(row.state))
        })
        .await;
    settle(outcome)
}

/// Reviews a breaking of the glass with a note: a privacy officer who was none of the two, nor of their units.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn review(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: BreakGlassId,
    note: &str,
) -> Result<(), Error<Refusal>> {
    let note = Note::parse(note).map_err(|_| Error::Refuse(Refusal::BreakGlassNote))?;
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            let mut row = match load(tx, &owned, &caller, &on, id)? {
                Ok(row) => row,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if !matches!(row.state, State::Open | State::Overdue) {
                return Ok(Err(Refusal::BreakGlassGone));
            }
            let (first, second) = ((row.terms.first, row.terms.unit.clone()), row.second.clone());
            let parties = [Some(first.clone()), second];
            if parties.iter().flatten().any(|(who, unit)| *who == on.officer.id || *unit == on.officer.unit) {
                return no(tx, &owned, &caller, &on, Some(id), Refusal::BreakGlassReviewer);
            }
            if right::permit_approval(&on, &caller, Action::BreakGlassReview, None, first).is_err() {
                return no(tx, &owned, &caller, &on, Some(id), Refusal::BreakGlassNotPermitted);
            }
            let plain = note.reveal().as_bytes();
            let sealed = owned.keys.seal(Domain::Audit, &slot(&id), None, plain, &*caller.entropy);
            row.sealed_review = Some(sealed.map_err(Fault::from)?.into());
            row.state = State::Reviewed;
            row.reviewed = Some(caller.now);
            row.reviewed_by = Some(on.officer.id);
            let event = Event::new("break-glass.reviewed", None, said(&row));
            freshness::append(tx, &owned, &caller, Mark::StaffStep(id.as_bytes(), REVIEW), &event)?;
            keep(tx, &owned, &row)?;
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

/// The newest ones, for officers who may break the glass or watch.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn list(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Vec<BreakGlass>, Error<Refusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            if !matches!(on.officer.role, Role::Privacy | Role::Security) {
                return Err(Error::Refuse(Refusal::BreakGlassNotPermitted));
            }
            Ok(rows::latest(tx, &owned.settings.realm.to_string())?)
        })
        .await
}

/// One of them, with its text.
///
/// # Errors
/// A [`Refusal`]; faults.
pub async fn look(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    id: BreakGlassId,
) -> Result<BreakGlass, Error<Refusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let on = duty(tx, &owned, &caller, &cookie)?;
            if !matches!(on.officer.role, Role::Privacy | Role::Security) {
                return Ok(Err(Refusal::BreakGlassNotPermitted));
            }
            load(tx, &owned, &caller, &on, id)
        })
        .await;
    settle(outcome)
}

/// A job: what nobody joined ends, and where the review is overdue both officers are suspended. Returns how many changed.
///
/// # Errors
/// Of the store; the next round tries again.
pub async fn attend(platform: &Arc<Platform>, caller: &Caller) -> Result<usize, Fault> {
    let realm = platform.settings.realm.to_string();
    let ids = platform
        .store
        .read(move |tx| {
            let mut ids = Vec::new();
            for state in [State::Drafted, State::Asked, State::Open] {
                ids.extend(rows::in_state(tx, state, &realm)?.into_iter().map(|row| row.terms.id));
            }
            Ok::<_, lionrock_store::Error>(ids)
        })
        .await?;
    let mut changed = 0;
    for id in ids {
        let (owned, caller) = (Arc::clone(platform), caller.clone());
        changed += usize::from(platform.store.write(move |tx| one(tx, &owned, &caller, id)).await?);
    }
    Ok(changed)
}

fn one(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, id: BreakGlassId) -> Result<bool, Fault> {
    let Some(mut row) = rows::find(tx, id, &platform.settings.realm.to_string())? else { return Ok(false) };
    match (row.state, row.review_due) {
        (State::Drafted | State::Asked, _) if caller.now.since(row.terms.asked) >= JOINS => {
            row.state = State::Expired;
            audit::append(tx, platform, caller, &Event::new("break-glass.expired", None, said(&row)))?;
        }
        (State::Open, Some(due)) if caller.now >= due => {
            row.state = State::Overdue;
            row.suspended = Some(caller.now);
            let event = Event::new("break-glass.overdue", None, said(&row));
            freshness::append(tx, platform, caller, Mark::StaffStep(id.as_bytes(), OVERDUE), &event)?;
            for who in [Some(row.terms.first), row.second.as_ref().map(|(who, _)| *who)].into_iter().flatten() {
                right::suspend(tx, platform, caller, who, "break-glass-review-overdue")?;
            }
            let text = format!(
                "The review of a breaking of the glass is overdue. Both officers are suspended until somebody reviews it and a manager lifts \
                 the suspension.\n\n{}",
                row.terms.text()
            );
            let to = platform.settings.alerts.clone();
            finding::tell(
                tx,
                platform,
                caller,
                to,
                "Lionrock: a review is overdue, two officers are suspended",
                &text,
            )?;
        }
        _ => return Ok(false),
    }
    keep(tx, platform, &row)?;
    Ok(true)
}

/// What stands for an officer now: opened by them and another, half an hour not over, both still in office, every signature good.
pub(crate) fn standing(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    officer: OfficerId,
) -> Result<Option<Standing>, Fault> {
    for row in rows::in_state(tx, State::Open, &platform.settings.realm.to_string())? {
        let Some((second, _)) = &row.second else { continue };
        let other = match officer {
            who if who == row.terms.first => *second,
            who if who == *second => row.terms.first,
            _ => continue,
        };
        if !covers(tx, platform, row.terms.id, officer, other, Some(caller.now))? {
            continue;
        }
        let Some(found) = right::find(tx, platform, other)?.filter(|found| found.stands(caller.now)) else { continue };
        return Ok(Some(Standing { id: row.terms.id, other: (found.id, found.role, found.unit) }));
    }
    Ok(None)
}

/// Whether a breaking of the glass by these two stood at a moment, by both signatures.
pub(crate) fn covers(
    tx: &mut Tx<'_>,
    platform: &Platform,
    id: BreakGlassId,
    officer: OfficerId,
    other: OfficerId,
    at: Option<Millis>,
) -> Result<bool, Fault> {
    let Some(row) = rows::find(tx, id, &platform.settings.realm.to_string())? else { return Ok(false) };
    let (Some(at), Some(opened), Some((second, _))) = (at, row.opened, &row.second) else { return Ok(false) };
    let pair = (row.terms.first, *second);
    let both = pair == (officer, other) || pair == (other, officer);
    Ok(both && at >= opened && at.since(opened) < STANDS && sound(tx, platform, &row)?)
}

fn sound(tx: &mut Tx<'_>, platform: &Platform, row: &BreakGlass) -> Result<bool, Fault> {
    if code(platform, row)? != row.code {
        return Ok(false);
    }
    let text = row.terms.text();
    if let Some(act) = &row.first_proof
        && !right::stands(tx, platform, act, row.terms.first, (Action::BreakGlassOpen, &text))?
    {
        return Ok(false);
    }
    if row.opened.is_none() {
        return Ok(row.first_proof.is_some() || matches!(row.state, State::Drafted | State::Expired));
    }
    let (Some((second, unit)), Some(act)) = (&row.second, &row.second_proof) else { return Ok(false) };
    let id = row.terms.id.as_bytes();
    let reviewed = freshness::known(tx, platform, Mark::StaffStep(id, REVIEW))?;
    Ok(*second != row.terms.first
        && *unit != row.terms.unit
        && row.first_proof.is_some()
        && right::stands(tx, platform, act, *second, (Action::BreakGlassApprove, &text))?
        && freshness::known(tx, platform, Mark::StaffStep(id, OPENED))?
        && reviewed == (row.state == State::Reviewed))
}

/// Whose turn it is: the first officer signs their draft, a second one of another unit what was asked.
fn turn(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    id: BreakGlassId,
) -> Ruled<(BreakGlass, Action)> {
    let row = match load(tx, platform, caller, on, id)? {
        Ok(row) => row,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if caller.now.since(row.terms.asked) >= JOINS || caller.now < row.terms.asked {
        return Ok(Err(Refusal::BreakGlassOver));
    }
    let own = row.terms.first == on.officer.id;
    match row.state {
        State::Drafted if own => Ok(Ok((row, Action::BreakGlassOpen))),
        State::Drafted => Ok(Err(Refusal::BreakGlassGone)),
        State::Asked => {
            let proposer = (row.terms.first, row.terms.unit.clone());
            let fields = Purpose::BreakGlass.fields();
            let asked = right::permit_approval(
                on,
                caller,
                Action::BreakGlassApprove,
                Some((Purpose::BreakGlass, fields)),
                proposer,
            );
            let refusal = match asked {
                _ if own || row.terms.unit == on.officer.unit => Some(Refusal::BreakGlassSame),
                Err(StaffRefusal::OwnProposal | StaffRefusal::SameUnit) => Some(Refusal::BreakGlassSame),
                Err(_) => Some(Refusal::BreakGlassNotPermitted),
                Ok(_) => None,
            };
            match refusal {
                Some(refusal) => no(tx, platform, caller, on, Some(id), refusal),
                None => Ok(Ok((row, Action::BreakGlassApprove))),
            }
        }
        _ => Ok(Err(Refusal::BreakGlassOver)),
    }
}

fn load(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, on: &OnDuty, id: BreakGlassId) -> Ruled<BreakGlass> {
    let row = match rows::find(tx, id, &platform.settings.realm.to_string()) {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(Err(Refusal::BreakGlassGone)),
        Err(lionrock_store::Error::Corrupt { .. }) => {
            finding::raise(tx, platform, caller, &on.officer, Rule::Tampered, None)?;
            return no(tx, platform, caller, on, Some(id), Refusal::BreakGlassEdited);
        }
        Err(error) => return Err(error.into()),
    };
    if sound(tx, platform, &row)? {
        return Ok(Ok(row));
    }
    finding::raise(tx, platform, caller, &on.officer, Rule::Tampered, None)?;
    no(tx, platform, caller, on, Some(id), Refusal::BreakGlassEdited)
}

/// A refusal that the ledger keeps.
fn no<T>(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    on: &OnDuty,
    id: Option<BreakGlassId>,
    refusal: Refusal,
) -> Ruled<T> {
    let body = json!({
        "break_glass": id.map(|id| id.to_string()),
        "by": {"officer": on.officer.id.to_string(), "role": on.officer.role.word(), "unit": on.officer.unit.as_str()},
        "reason": lionrock_model::refusal::Refusal::code(&refusal),
    });
    audit::append(tx, platform, caller, &Event::new("break-glass.refused", None, body))?;
    Ok(Err(refusal))
}

/// The privacy officers hear of it with the transaction that breaks the glass; so do the addresses of alarms.
fn notify(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, row: &BreakGlass) -> Result<(), Fault> {
    let mut to = platform.settings.alerts.clone();
    if let Some(first) = right::find(tx, platform, row.terms.first)? {
        for (_, mail) in finding::watchers(tx, platform, caller, &first)? {
            if let Some(mail) = mail.filter(|mail| !to.contains(mail)) {
                to.push(mail);
            }
        }
    }
    let due = row.review_due.map(|due| due.hong_kong().strftime("%Y-%m-%d %H:%M (UTC+8)").to_string());
    let text = format!(
        "Two officers broke the glass. For thirty minutes they open records without a further approval; each opening is in the ledger.\n\n{}\n\
         Second officer: {}\nA review by a privacy officer of another unit is due by {}. Without it both officers are suspended.\n",
        row.terms.text(),
        row.second.as_ref().map(|(who, unit)| format!("{who}, unit {unit}")).unwrap_or_default(),
        due.unwrap_or_default(),
    );
    finding::tell(tx, platform, caller, to, "Lionrock: the glass was broken", &text)
}

fn said(row: &BreakGlass) -> serde_json::Value {
    let acts = [&row.first_proof, &row.second_proof].map(|act| act.as_deref().map(crate::staff::approve::hex));
    json!({
        "acts": acts,
        "break_glass": row.terms.id.to_string(),
        "first": {"officer": row.terms.first.to_string(), "unit": row.terms.unit.as_str()},
        "incident": row.terms.incident.as_str(),
        "reason": row.terms.reason.word(),
        "review_due": row.review_due.map(Millis::seconds),
        "reviewed_by": row.reviewed_by.map(|who| who.to_string()),
        "second": row.second.as_ref().map(|(who, unit)| json!({"officer": who.to_string(), "unit": unit.as_str()})),
    })
}

fn duty(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, cookie: &str) -> Result<OnDuty, Error<Refusal>> {
    staff::on_duty(tx, platform, caller, cookie).map_err(|error| match error {
        Error::Refuse(_) => Error::Refuse(Refusal::BreakGlassNotPermitted),
        Error::Fault(fault) => Error::Fault(fault),
    })
}

fn settle<T>(outcome: Ruled<T>) -> Result<T, Error<Refusal>> {
    outcome?.map_err(Error::Refuse)
}

fn keep(tx: &mut Tx<'_>, platform: &Platform, row: &BreakGlass) -> Result<(), Fault> {
    let row = BreakGlass { code: code(platform, row)?, ..row.clone() };
    if rows::update(tx, &row)? { Ok(()) } else { Err(lionrock_store::Error::Busy.into()) }
}

fn code(platform: &Platform, row: &BreakGlass) -> Result<[u8; 32], Fault> {
    let second = row.second.as_ref().map(|(who, unit)| (who.to_string(), unit.as_str()));
    let times = [row.opened, row.review_due, row.reviewed, row.suspended].map(|at| at.map(|at| at.0));
    let whole = serde_json::to_vec(&(
        (row.terms.text(), row.state.word(), second, times),
        (row.reviewed_by.map(|who| who.to_string()), &row.first_proof, &row.second_proof, &row.sealed_review),
    ))?;
    Ok(platform.keys.mac(Mac::Commitment, "break-glass row v1", &whole)?)
}

const fn slot(id: &BreakGlassId) -> Slot<'_> {
    Slot { table: "break_glass", column: "sealed_review", row: id.as_bytes(), resident: &NOBODY, schema: 1, version: 1 }
}
