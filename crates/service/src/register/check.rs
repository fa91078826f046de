//! The registry is asked. Match or no match; no answer is neither, and the person tries again.

use super::{letters, open_facts, require};
use crate::audit::{self, Event};
use crate::port::RegistryAnswer;
use crate::vault::{self, blind_index};
use crate::{Caller, Error, Fault, Platform, outbox};
use lionrock_model::budget::Budget;
use lionrock_model::id::{RegistrationId, ResidentId};
use lionrock_model::policy::{Actor, Field, Purpose, Subject, decide};
use lionrock_model::proofing::Verdict;
use lionrock_model::register::{RegisterRefusal, Step};
use lionrock_store::{Tx, registration};
use serde_json::json;
use std::sync::Arc;

/// Asks again for a registration whose registry has not answered; says where it stands afterwards.
///
/// # Errors
/// `RegistrationOver`.
pub async fn check(platform: &Arc<Platform>, caller: &Caller, cookie: &str) -> Result<Step, Error<RegisterRefusal>> {
    let (secret, now) = (cookie.to_owned(), caller.now);
    let row = platform.store.read(move |tx| require(tx, &secret, now)).await?;
    if row.step == Step::Registry { Ok(confirm(platform, caller, row.id).await?) } else { Ok(row.step) }
}

/// Asks the registry about the facts of a registration and writes what follows.
pub(crate) async fn confirm(platform: &Arc<Platform>, caller: &Caller, id: RegistrationId) -> Result<Step, Fault> {
    let (shared, who) = (Arc::clone(platform), caller.clone());
    let facts = platform
        .store
        .write(move |tx| {
            let row = registration::find(tx, id)?.filter(|row| row.step == Step::Registry);
            row.map(|row| open_facts(tx, &shared, &who, &row)).transpose()
        })
        .await?;
    let Some(facts) = facts else { return Ok(step_of(platform, id).await) };
    let index = blind_index(platform, caller, Budget::LookupAtRegistration, id.as_bytes(), &facts.hkid)?;
    let answer = platform.ports.registry.confirm(&facts).await;
    drop(facts);
    let Ok(answer) = answer else { return Ok(Step::Registry) };
    let (shared, who) = (Arc::clone(platform), caller.clone());
    platform.store.write(move |tx| settle(tx, &shared, &who, id, index, answer)).await
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
) -> Result<Step, Fault> {
    let Some(mut row) = registration::find(tx, id)? else { return Ok(Step::Pictures) };
    if row.step != Step::Registry {
        return Ok(row.step);
    }
    let taken = vault::owner(tx, platform, caller, &index)?;
    if answer == RegistryAnswer::Match && taken.is_none() {
        row.step = Step::Passkey;
    } else {
        if let (RegistryAnswer::Match, Some(owner)) = (answer, taken) {
            tell_owner(tx, platform, caller, owner)?;
        }
        row.attempts += 1;
        row.verdict = Some(Verdict::Refused);
        row.reasons.clear();
        row.sealed_facts = None;
        let over = row.attempts >= platform.settings.limits.proofing_attempts;
        row.step = if over { Step::Counter } else { Step::Pictures };
    }
    let body = json!({"confirmed": row.step == Step::Passkey, "registration": id.to_string()});
    audit::append(tx, platform, caller, &Event::new("registration.checked", None, body))?;
    if registration::update(tx, &row)? { Ok(row.step) } else { Err(lionrock_store::Error::Busy.into()) }
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
    let found = platform.store.read(move |tx| registration::find(tx, id)).await;
    found.ok().flatten().map_or(Step::Pictures, |row| row.step)
}
