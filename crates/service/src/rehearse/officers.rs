//! Making officers without the two others who would propose and approve them: for test realms. A production realm refuses it.
//!
//! Everything else is real: the key is attested by a maker of the configuration, bound to its device and checked as at any enrolment,
//! and the ledger gets its leaves.

use super::EnrolRefusal;
use crate::ceremony::{self, Ask};
use crate::monitor::known;
use crate::staff::house::{self, Named};
use crate::staff::officers::end::suspend as suspend_now;
use crate::staff::{enrol, init, passkey};
use crate::{Caller, Error, Fault, Platform};
use lionrock_model::credential::CeremonyKind;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::OfficerId;
use lionrock_model::person::{Email, EnglishName};
use lionrock_model::staff::{DutyRefusal, Officer, OfficerState, RIGHTS_LONGEST, Role, Unit};
use lionrock_store::{Tx, officer};
use lionrock_wire::webauthn::json::{CreationOptions, RegistrationResponse};
use serde_json::json;
use std::sync::Arc;

/// A synthetic officer with the answer of their software authenticator.
#[derive(Clone, Debug)]
pub struct EnrolOfficer {
    /// Name and staff number.
    pub named: Named,
    /// Role.
    pub role: Role,
    /// Unit.
    pub unit: Unit,
    /// The answer to the options of [`begin_officer`].
    pub key: RegistrationResponse,
}

const ASK: Ask<'static> = Ask { kind: CeremonyKind::StaffEnrol, binding: b"rehearsal", resident: None, shown: b"" };

/// Asks for the key of a synthetic officer.
///
/// # Errors
/// [`EnrolRefusal::NotSynthetic`] outside test realms; [`EnrolRefusal::PasskeyNotMade`] where there is no staff house; faults.
pub async fn begin_officer(platform: &Arc<Platform>, caller: &Caller) -> Result<CreationOptions, Error<EnrolRefusal>> {
    if !platform.settings.realm.is_test() {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform
        .store
        .write(move |tx| {
            let handle: [u8; 64] = caller.random();
            let options = passkey::begin_creation(tx, &owned, &caller, &ASK, &handle)?;
            Ok::<_, Fault>(options.map_err(|_| EnrolRefusal::PasskeyNotMade))
        })
        .await;
    ceremony::settle(outcome)
}

/// Makes a synthetic officer, who works at once.
///
/// # Errors
/// An [`EnrolRefusal`]; faults.
pub async fn enrol_officer(
    platform: &Arc<Platform>,
    caller: &Caller,
    command: EnrolOfficer,
) -> Result<OfficerId, Error<EnrolRefusal>> {
    if !platform.settings.realm.is_test() {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let outcome = platform.store.write(move |tx| carry_out(tx, &owned, &caller, &command)).await;
    ceremony::settle(outcome)
}

/// Suspends a synthetic officer.
///
/// # Errors
/// [`EnrolRefusal::NotSynthetic`] outside test realms; faults.
pub async fn suspend(platform: &Arc<Platform>, caller: &Caller, who: OfficerId) -> Result<bool, Error<EnrolRefusal>> {
    if !platform.settings.realm.is_test() {
        return Err(Error::Refuse(EnrolRefusal::NotSynthetic));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let done = platform.store.write(move |tx| suspend_now(tx, &owned, &caller, who, "rehearsal")).await;
    Ok(done?)
}

fn carry_out(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    command: &EnrolOfficer,
) -> Result<Result<OfficerId, EnrolRefusal>, Fault> {
    let person = house::person(platform, &command.named.number)?;
    if officer::by_person(tx, &person)?.is_some() {
        return Ok(Err(EnrolRefusal::AlreadyThere));
    }
    let (made, handle) = match passkey::creation(tx, platform, caller, &ASK, &command.key)? {
        Ok(made) => made,
        Err(refusal) => {
            tracing::info!(?refusal, "the key of a synthetic officer was refused");
            return Ok(Err(EnrolRefusal::PasskeyNotMade));
        }
    };
    let id = OfficerId::new(caller.now, caller.random());
    let (role, unit) = (command.role, command.unit.clone());
    let rights_until = caller.now.after(RIGHTS_LONGEST);
    let officer = Officer { id, role, unit, rights_until, state: OfficerState::Invited };
    let mut kept = init::row(platform, caller, officer, &command.named, (None, None, None))?;
    kept.user_handle = handle;
    officer::insert(tx, &kept)?;
    house::record(tx, platform, caller, id, "staff.rehearsed", json!({}))?;
    let kept = officer::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such officer"))?;
    // Monitoring knows them as residents, too: a card number of their own out of the synthetic ones, and where letters reach them.
    let digits = person.iter().fold(0_u32, |sum, byte| (sum * 31 + u32::from(*byte)) % 90_000) + 900_000;
    let card = Hkid::with_check_digit(&format!("U{digits}")).map_err(|_| Fault::bug("a synthetic card number"))?;
    // The family name comes first, as on cards.
    let (family, given) = command.named.name.reveal().split_once(' ').unwrap_or((command.named.name.reveal(), ""));
    let name = EnglishName::parse(&format!("{family}, {given}")).ok();
    let name = name.map_or_else(|| EnglishName::parse("OFFICER"), Ok).map_err(|_| Fault::bug("a name of ours"))?;
    let number: String = command.named.number.reveal().chars().filter(char::is_ascii_alphanumeric).collect();
    let mail = Email::parse(&format!("{}@staff.example", number.to_ascii_lowercase())).ok();
    known::officer(tx, platform, caller, id, (&card, &name, mail.as_ref()))?;
    Ok(enrol::keep(tx, platform, caller, kept, &made)?.map_err(|_: DutyRefusal| EnrolRefusal::PasskeyNotMade))
}
