//! The registry is asked. Match or no match; no answer is neither, and the person tries again.

use super::{find, keep, letters, open_facts, require};
use crate::audit::{self, Event};
use crate::counter::{case, desk, withdraw};
use crate::port::RegistryAnswer;
use crate::vault::{self, blind_index};
use crate::{Caller, Error, Fault, Platform, outbox, recovery};
use lionrock_model::budget::Budget;
use lionrock_model::id::{RegistrationId, ResidentId};
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::proofing::Verdict;
use lionrock_model::register::{Aim, RegisterRefusal, Step, of_age};
use lionrock_store::Tx;
use serde_json::json;
use std::sync::Arc;

/// Asks again for a registration whose registry has not answered; says where it stands afterwards.
///
/// # Errors
/// `RegistrationOver`.
pub async fn check(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Step, Error<RegisterRefusal>> {
    let (shared, secret, now) = (Arc::clone(platform), cookie.to_owned(), caller.now);
    let row = platform.store.read(move |tx| require(tx, &shared, &secret, now)).await?;
    if row.step == Step::Registry { Ok(confirm(platform, caller, row.id).await?) } else { Ok(row.step) }
}

/// Asks the registry about the facts of a registration and writes what follows.
pub(crate) async fn confirm(platform: &Arc<Platform>, caller: &Caller, id: RegistrationId) -> Result<Step, Fault> {
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let facts = platform
        .store
        .write(move |tx| {
            let row = find(tx, &shared, id)?.filter(|row| row.step == Step::Registry);
            row.map(|row| open_facts(tx, &shared, &who, &row)).transpose()
        })
        .await?;
    let Some(facts) = facts else { return Ok(step_of(platform, id).await) };
    let index = blind_index(platform, caller, Budget::LookupAtRegistration, id.as_bytes(), &facts.hkid)?;
    let answer = platform.ports.registry.confirm(&facts).await;
    let young = !of_age(facts.birth, caller.now.hong_kong_date());
    drop(facts);
    let Ok(answer) = answer else { return Ok(Step::Registry) };
    let (shared, who) = (Arc::clone(platform), caller.clone());
    platform.store.write(move |tx| settle(tx, &shared, &who, id, index, answer, young)).await
}

/// One number, one account: a number that has one is answered exactly like a number the registry does not confirm, and
/// the person whose account it is hears of it by mail.
fn settle(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    id: RegistrationId,
    index: [u8; 32],
    answer: RegistryAnswer,
    young: bool,
) -> Result<Step, Fault> {
    let Some(mut row) = find(tx, platform, id)? else { return Ok(Step::Pictures) };
    if row.step != Step::Registry {
        return Ok(row.step);
    }
    let taken = vault::owner(tx, platform, caller, &index)?;
    let confirmed = answer == RegistryAnswer::Match && !desk::serves_self(tx, platform, caller, row.attended, &index)?;
    // A young person whose guardian took their consent back gets back in when another one agrees.
    let alone = match (row.aim, taken) {
        (Aim::Recover, Some(owner)) if confirmed && young => {
            withdraw::needs_guardian(tx, platform, caller, owner)?.then_some(owner)
        }
        _ => None,
    };
    let accepted = confirmed
        && match row.aim {
            Aim::Account => taken.is_none(),
            Aim::Recover if alone.is_some() => true,
            Aim::Recover => recovery::by_proofing(tx, platform, caller, taken, row.subject.as_deref())?,
            Aim::Guardian | Aim::Upgrade => case::proofed(tx, platform, caller, taken, row.subject.as_deref())?,
        };
    if accepted && row.aim == Aim::Account {
        row.step = after_registry(young, row.attended.is_some());
    } else if accepted {
        // What was shown stands in its own row now; of the card nothing is needed any more, but the day of birth where a guardian comes.
        row.step = if alone.is_some() { Step::Guardian } else { Step::Shown };
        row.sealed_facts = row.sealed_facts.filter(|_| alone.is_some());
        row.resident = alone.or(row.resident);
    } else {
        if let (Aim::Account, true, Some(owner)) = (row.aim, confirmed, taken) {
            tell_owner(tx, platform, caller, owner)?;
        }
        row.attempts += 1;
        row.verdict = Some(Verdict::Refused);
        row.reasons.clear();
        row.sealed_facts = None;
        let over = row.attempts >= platform.settings.limits.proofing_attempts;
        row.step = if over { Step::Counter } else { Step::Pictures };
    }
    let body = json!({"confirmed": accepted, "registration": id.to_string()});
    audit::append(tx, platform, caller, &Event::new("registration.checked", None, body))?;
    if keep(tx, platform, &row)? { Ok(row.step) } else { Err(lionrock_store::Error::Busy.into()) }
}

/// What comes after the registry for a new account: a guardian for the young, an officer's signature where one is beside it.
pub(crate) const fn after_registry(young: bool, attended: bool) -> Step {
    match (young, attended) {
        (true, _) => Step::Guardian,
        (false, true) => Step::Presence,
        (false, false) => Step::Passkey,
    }
}

/// Writes to the person who has the account already: if it was not they, they should know.
pub(super) fn tell_owner(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    owner: ResidentId,
) -> Result<(), Fault> {
    let decision = decide(Actor::Platform, Subject::Resident(owner), Purpose::Notification, &[Field::Email], None)
        .map_err(|_| Fault::bug("the platform may write to a resident"))?;
    let grant = vault::grant(tx, platform, caller, &decision)?;
    let Some(to) = grant.email()? else { return Ok(()) };
    let language = lionrock_model::language::Language::from_tag(&grant.row()?.notice_language).unwrap_or_default();
    outbox::post(tx, platform, caller, Some(owner), &letters::already(to, language))
}

async fn step_of(platform: &Arc<Platform>, id: RegistrationId) -> Step {
    let shared = Arc::clone(platform);
    let found = platform.store.read(move |tx| find(tx, &shared, id)).await;
    found.ok().flatten().map_or(Step::Pictures, |row| row.step)
}
