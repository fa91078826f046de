//! Young people of eleven to seventeen: a guardian who has an account comes into the registration. Both are proofed, each in a custody
//! with a receipt of its own; the young person agreed to the notice, the guardian's passkey signs for exactly what their page shows; the
//! account is *Basic*, and the link between the two ends on the eighteenth birthday, which is kept as a keyed code of the day.
//!
//! | verb | route | writes |
//! | --- | --- | --- |
//! | [`take_up`] | POST /account/guardian | the errand is this person's; their proofing begins |
//! | [`look`] | GET /account/guardian | nothing |
//! | [`begin`], [`consent`] | POST /account/guardian/options, …/consent | the consent, leaf; the registration goes on |
//! | [`round`] | every day | the end of links |

use super::{case, code, withdraw};
use crate::audit::{self, Event};
use crate::ceremony::{self, Ask, settle};
use crate::freshness::{self, Mark};
use crate::imprint::Imprint;
use crate::letter::{self, News};
use crate::register::{self, Begin, Begun};
use crate::signed_in::{self, Current};
use crate::vault::Alarm;
use crate::{Caller, Error, Fault, Platform, vault};
use lionrock_model::account::Level;
use lionrock_model::counter::{CaseKind, CaseState, CounterRefusal, ERRAND};
use lionrock_model::credential::{CeremonyKind, PasskeyRefusal};
use lionrock_model::id::ResidentId;
use lionrock_model::person::CardFacts;
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::register::{Aim, RegisterRefusal, Step, of_age};
use lionrock_model::session::SessionRefusal;
use lionrock_model::time::Millis;
use lionrock_store::counter_case::Case;
use lionrock_store::guardianship::{self, Guardianship};
use lionrock_store::registration::Registration;
use lionrock_store::{Tx, custody};
use lionrock_wire::webauthn::json::{AuthenticationResponse, RequestOptions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// A round, which looks at every link, looks this far back; the pages look at every day.
const LOOKED_BACK: Duration = Duration::from_secs(60 * 86_400);
/// Links looked at in one step of a round.
const BATCH: u32 = 200;

/// What a person's page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Since when a guardian stands beside this account, when one does.
    pub guarded: Option<Millis>,
    /// Since when this person stands beside young people's accounts, each with the name of the consent.
    pub guards: Vec<(Millis, String)>,
    /// An errand of theirs: whether they have been proofed for it.
    pub errand: Option<bool>,
    /// Once proofed: exactly what their passkey signs.
    pub shown: Option<String>,
}

/// A consent's answer as it arrived.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The session cookie.
    pub cookie: String,
    /// The passkey's answer.
    pub answer: AuthenticationResponse,
}

/// Takes a young person's registration up by the code on their screen, and begins the guardian's own proofing.
///
/// # Errors
/// Of the session; [`CounterRefusal::TooYoung`], [`CounterRefusal::CodeNotGood`], [`CounterRefusal::TooManyTries`]; inside, of the notice.
pub async fn take_up(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    typed: &str,
    notice: Begin,
) -> Result<Result<Begun, RegisterRefusal>, Error<CounterRefusal>> {
    if !notice.agreed {
        return Ok(Err(RegisterRefusal::NotAgreed));
    }
    let (owned, by) = (Arc::clone(platform), caller.clone());
    let (cookie, typed) = (cookie.to_owned(), typed.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let current = match within(signed_in::require(tx, &owned, &by, &cookie))? {
                Ok(current) => current,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let who = current.resident.id;
            if !grown_up(tx, &owned, &by, who)? {
                return Ok(Err(CounterRefusal::TooYoung));
            }
            let case = match code::taken(tx, &owned, &by, &typed, who.as_bytes(), &[CaseKind::Guardian])? {
                Ok(case) => case,
                Err(refusal) => return Ok(Err(refusal)),
            };
            // What they agreed to already stands: somebody may have two children.
            if let Some(before) = case::of_resident(tx, &owned, who, CaseKind::Guardian, by.now)? {
                case::end(tx, &owned, &by, before)?;
            }
            let opened = Case {
                state: CaseState::Opened,
                resident: Some(who),
                code: None,
                expires: by.now.after(ERRAND),
                ..case
            };
            let opened = case::save(tx, &owned, opened)?;
            let body = json!({"case": opened.id.to_string(), "errand": CaseKind::Guardian.word()});
            audit::append(tx, &owned, &by, &Event::new("errand.taken-up", Some(who), body))?;
            Ok(Ok(opened.id))
        })
        .await;
    let id = settle(outcome)?;
    let aim = (Aim::Guardian, Some(id.as_bytes().to_vec()));
    match register::begin_for(platform, caller, None, notice, aim).await {
        Ok(begun) => Ok(Ok(begun)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal)),
        Err(Error::Fault(fault)) => Err(Error::Fault(fault)),
    }
}

/// What the session's person has to do with guardians.
///
/// # Errors
/// Of the session; faults.
pub async fn look(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Look, Error<CounterRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = signed_in::require(tx, &owned, &caller, &cookie).map_err(widen)?;
            let who = current.resident.id;
            let guarded = match guardianship::of_young(tx, who)? {
                Some(link) if stands(tx, &owned, &link, caller.now)? => Some(link.created),
                _ => None,
            };
            let mut guards = Vec::new();
            for link in guardianship::of_guardian(tx, who)? {
                if stands(tx, &owned, &link, caller.now)? {
                    guards.push((link.created, lionrock_wire::jose::encode(&link.approval)));
                }
            }
            let errand = case::of_resident(tx, &owned, who, CaseKind::Guardian, caller.now)?;
            let errand = errand.filter(|case| matches!(case.state, CaseState::Opened | CaseState::Shown));
            let shown = match errand.as_ref().filter(|case| case.state == CaseState::Shown) {
                Some(case) => text(tx, &owned, &caller, case)?,
                None => None,
            };
            Ok(Look { guarded, guards, errand: errand.map(|case| case.state == CaseState::Shown), shown })
        })
        .await
}

/// Makes a challenge over what the page says it showed, if that still stands.
///
/// # Errors
/// Of the session; [`CounterRefusal::PersonNotReady`], [`PasskeyRefusal::ShownChanged`]; faults.
pub async fn begin(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    shown: &str,
) -> Result<RequestOptions, Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let (cookie, shown) = (cookie.to_owned(), shown.to_owned());
    let outcome = platform
        .store
        .write(move |tx| {
            let (current, _, text) = match ready(tx, &owned, &caller, &cookie)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if text != shown {
                return Ok(Err(PasskeyRefusal::ShownChanged.into()));
            }
            let binding = current.binding();
            Ok(Ok(ceremony::begin(tx, &owned, &caller, &ask(&current, &binding, &text))?))
        })
        .await;
    settle(outcome)
}

/// Takes the guardian's consent: it is kept in the ledger with what was signed, and the registration goes on.
///
/// # Errors
/// As [`begin`], and of the passkey.
pub async fn consent(platform: &Arc<Platform>, caller: &Caller, command: Consent) -> Result<(), Error<CounterRefusal>> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| {
            let (current, mut case, text) = match ready(tx, &owned, &caller, &command.cookie)? {
                Ok(ready) => ready,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let binding = current.binding();
            let asked = ask(&current, &binding, &text);
            let proof = match ceremony::answer(tx, &owned, &caller, &asked, &command.answer)? {
                Ok(proof) => proof,
                Err(refusal) => return Ok(Err(refusal.into())),
            };
            let found = case.registration.map(|id| register::find(tx, &owned, id)).transpose()?.flatten();
            let Some(mut row) = found.filter(|row| row.step == Step::Guardian) else {
                return Ok(Err(CounterRefusal::CaseOver));
            };
            let body = json!({
                "approved": lionrock_wire::jose::encode(&proof.approved),
                "case": case.id.to_string(),
                "credential": proof.credential.id.to_string(),
                "shown": text,
            });
            let event = Event::new("guardian.consented", Some(proof.resident), body);
            case.approval = Some(audit::append(tx, &owned, &caller, &event)?);
            case.state = CaseState::Agreed;
            case.expires = row.expires;
            let case = case::save(tx, &owned, case)?;
            if row.aim == Aim::Recover {
                withdraw::take_place(tx, &owned, &caller, &mut row, case)?;
            } else {
                row.step = register::check::after_registry(false, row.attended.is_some());
            }
            if !register::keep(tx, &owned, &row)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            Ok(Ok(()))
        })
        .await;
    settle(outcome)
}

/// The consent that a registration's person needs: none for grown-ups.
///
/// # Errors
/// Of the store. The refusal, when a young person comes without, is the inner `Err`.
pub(crate) fn agreed(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    row: &Registration,
    facts: &CardFacts,
) -> Result<Result<Option<Case>, RegisterRefusal>, Fault> {
    if of_age(facts.birth, caller.now.hong_kong_date()) {
        return Ok(Ok(None));
    }
    let found = case::of_registration(tx, platform, row.id, CaseKind::Guardian, caller.now)?;
    Ok(match found.filter(|case| case.state == CaseState::Agreed && case.resident.is_some()) {
        Some(case) => Ok(Some(case)),
        None => Err(RegisterRefusal::OutOfOrder),
    })
}

/// Writes the link of a new young account, in the transaction that makes it, and tells both.
///
/// # Errors
/// Of the store.
pub(crate) fn bind(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    (young, facts): (ResidentId, &CardFacts),
    case: Case,
) -> Result<(), Fault> {
    let missing = || Fault::stored_data("an agreed errand names its guardian and their consent");
    let (guardian, approval) = (case.resident.ok_or_else(missing)?, case.approval.ok_or_else(missing)?);
    let link = new_link(platform, (young, facts), (guardian, approval), caller.now)?;
    guardianship::insert(tx, &link)?;
    let body = json!({"case": case.id.to_string(), "consent": lionrock_wire::jose::encode(&approval)});
    audit::append(tx, platform, caller, &Event::new("guardian.linked", Some(young), body.clone()))?;
    audit::append(tx, platform, caller, &Event::new("guardian.linked", Some(guardian), body))?;
    letter::post(tx, platform, caller, guardian, News::Guarded)?;
    case::end(tx, platform, caller, case)
}

/// A link with its imprint; not written yet.
pub(super) fn new_link(
    platform: &Platform,
    (young, facts): (ResidentId, &CardFacts),
    (guardian, approval): (ResidentId, [u8; 16]),
    now: Millis,
) -> Result<Guardianship, Fault> {
    let eighteen = Level::Plus.reached(facts.birth).ok_or_else(|| Fault::stored_data("a date of birth"))?;
    let mut link = Guardianship {
        resident: young,
        guardian,
        approval,
        ends: day(platform, young, &eighteen.to_string())?,
        proof: [0; 32],
        created: now,
        ended: None,
    };
    link.proof = imprint(&link).under(platform, LABEL)?;
    Ok(link)
}

/// Ends links whose young person is eighteen; how many.
///
/// # Errors
/// Of the store.
pub async fn round(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Fault> {
    let (mut after, mut ended) = (Vec::new(), 0);
    loop {
        let (owned, by, from) = (Arc::clone(platform), caller.clone(), after.clone());
        let (last, count) = platform
            .store
            .write(move |tx| {
                let links = guardianship::standing(tx, &from, BATCH)?;
                let mut count = 0;
                for link in &links {
                    if !stands_since(tx, &owned, link, by.now.before(LOOKED_BACK), by.now)?
                        && guardianship::end(tx, link.resident, by.now)?
                    {
                        for who in [link.resident, link.guardian] {
                            audit::append(tx, &owned, &by, &Event::new("guardian.ended", Some(who), json!({})))?;
                        }
                        count += 1;
                    }
                }
                Ok::<_, Fault>((links.last().map(|link| link.resident.as_bytes().to_vec()), count))
            })
            .await?;
        ended += count;
        match last {
            Some(last) => after = last,
            None => return Ok(ended),
        }
    }
}

/// Whether a link stands: it was written by us, has not ended, nobody took it back, and the day has not come.
pub(super) fn stands(tx: &mut Tx<'_>, platform: &Platform, link: &Guardianship, now: Millis) -> Result<bool, Fault> {
    stands_since(tx, platform, link, link.created, now)
}

/// As [`stands`], for days from `from` on.
fn stands_since(
    tx: &mut Tx<'_>,
    platform: &Platform,
    link: &Guardianship,
    from: Millis,
    now: Millis,
) -> Result<bool, Fault> {
    if !imprint(link).is(platform, LABEL, Some(&link.proof))? {
        platform.vault.raise(Alarm { resident: Some(link.resident), what: "guardianship" });
        return Ok(false);
    }
    if link.ended.is_some() || freshness::known(tx, platform, Mark::Withdrawn(&link.approval))? {
        return Ok(false);
    }
    Ok(!day_came(platform, link, from, now)?)
}

/// Whether the eighteenth birthday has come since the link was made.
pub(super) fn grown(platform: &Platform, link: &Guardianship, now: Millis) -> Result<bool, Fault> {
    day_came(platform, link, link.created, now)
}

fn day_came(platform: &Platform, link: &Guardianship, from: Millis, now: Millis) -> Result<bool, Fault> {
    let (mut date, today) = (from.max(link.created).hong_kong_date(), now.hong_kong_date());
    while date <= today {
        if day(platform, link.resident, &date.to_string())? == link.ends {
            return Ok(true);
        }
        date = date.tomorrow().map_err(|_| Fault::bug("the end of the calendar"))?;
    }
    Ok(false)
}

fn day(platform: &Platform, young: ResidentId, date: &str) -> Result<[u8; 32], Fault> {
    Imprint::new().bytes(young.as_bytes()).text(date).under(platform, "guardianship ends")
}

const LABEL: &str = "guardianship";

fn imprint(link: &Guardianship) -> Imprint {
    let (young, guardian) = (link.resident.as_bytes(), link.guardian.as_bytes());
    Imprint::new().bytes(young).bytes(guardian).bytes(&link.approval).bytes(&link.ends)
}

type Ready = (Current, Case, String);

fn ready(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    cookie: &str,
) -> Result<Result<Ready, CounterRefusal>, Fault> {
    let current = match within(signed_in::require(tx, platform, caller, cookie))? {
        Ok(current) => current,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = case::of_resident(tx, platform, current.resident.id, CaseKind::Guardian, caller.now)?;
    let Some(case) = found.filter(|case| case.state == CaseState::Shown) else {
        return Ok(Err(CounterRefusal::PersonNotReady));
    };
    match text(tx, platform, caller, &case)? {
        Some(text) => Ok(Ok((current, case, text))),
        None => Ok(Err(CounterRefusal::CaseOver)),
    }
}

/// What the guardian's page shows and their passkey signs: members in alphabetical order.
fn text(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, case: &Case) -> Result<Option<String>, Fault> {
    let row = case.registration.map(|id| register::find(tx, platform, id)).transpose()?.flatten();
    let Some(row) = row.filter(|row| row.step == Step::Guardian) else { return Ok(None) };
    let young = row.custody.map(|id| custody::find(tx, id)).transpose()?.flatten();
    let notice: String = row.notice_hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(
        json!({
            "account": case.resident.map(|id| id.to_string()),
            "case": case.id.to_string(),
            "custody": young.map(|custody| custody.id.to_string()),
            "language": caller.language.tag(),
            "level": Level::Basic.word(),
            "notice": notice,
            "registration": row.id.to_string(),
            "what": "guardian-consent",
        })
        .to_string(),
    ))
}

fn grown_up(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, who: ResidentId) -> Result<bool, Fault> {
    let fields = [Field::Birth];
    let decision = decide(Actor::Resident(who), Subject::Resident(who), Purpose::AccountManagement, &fields, None)
        .map_err(|_| Fault::bug("a person may always see their own data"))?;
    let birth = vault::grant(tx, platform, caller, &decision)?.profile()?.birth;
    let birth = birth.and_then(|day| day.parse().ok()).ok_or_else(|| Fault::stored_data("no date of birth"))?;
    Ok(of_age(birth, caller.now.hong_kong_date()))
}

fn ask<'a>(current: &Current, binding: &'a [u8; 16], shown: &'a str) -> Ask<'a> {
    Ask { kind: CeremonyKind::Guardian, binding, resident: Some(current.resident.id), shown: shown.as_bytes() }
}

fn widen(error: Error<SessionRefusal>) -> Error<CounterRefusal> {
    match error {
        Error::Refuse(refusal) => Error::Refuse(refusal.into()),
        Error::Fault(fault) => Error::Fault(fault),
    }
}

fn within(outcome: Result<Current, Error<SessionRefusal>>) -> Result<Result<Current, CounterRefusal>, Fault> {
    match outcome {
        Ok(current) => Ok(Ok(current)),
        Err(Error::Refuse(refusal)) => Ok(Err(refusal.into())),
        Err(Error::Fault(fault)) => Err(fault),
    }
}
