//! The first officers: a statement two people sign with keys of the configuration, and one-time codes for whom it names.
//!
//! It is a way in only while the house cannot staff itself: once two officers of two units can propose and approve, every other one
//! comes by them.

use super::house::{self, Named};
use super::officers::{FIRST, Half, SECOND, new_half};
use crate::statement::{Claims, Officer as Signer, Signed};
use crate::{Caller, Fault, Platform};
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{INVITE, Officer, OfficerName, OfficerState, RIGHTS_LONGEST, Role, StaffNumber, Unit};
use lionrock_model::statement::{Span, StatementFault, same_realm};
use lionrock_model::time::Millis;
use lionrock_store::Tx;
use lionrock_store::officer::{self, Kept};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A statement of first officers holds so long at most.
pub const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// One of the first officers. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// Name.
    pub name: String,
    /// Staff number.
    pub number: String,
    /// Role.
    pub role: String,
    /// Unit.
    pub unit: String,
}

/// The claims of a statement of first officers. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstOfficers {
    /// Officers of the configuration who approve, two or more.
    pub approved_by: Vec<String>,
    /// The first moment after it, RFC 3339 in UTC.
    pub expires: String,
    /// Its first moment, RFC 3339 in UTC.
    pub not_before: String,
    /// Who they are.
    pub officers: Vec<First>,
    /// The realm it is for.
    pub realm: String,
}

/// What such a statement means.
#[derive(Clone, Debug)]
pub struct Meaning {
    realm: String,
    span: Span,
    officers: Vec<(Named, Role, Unit)>,
}

impl Claims for FirstOfficers {
    const FORMAT: &'static str = "lionrock first officers v1";
    type Meaning = Meaning;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<Meaning, StatementFault> {
        let span = Span::read(&self.not_before, &self.expires)?;
        let mut officers: Vec<(Named, Role, Unit)> = Vec::new();
        for first in &self.officers {
            let wrong = |what: &str| StatementFault::Form(format!("officer {:?}: {what}", first.number));
            let named = Named {
                name: OfficerName::parse(&first.name).ok_or_else(|| wrong("the name cannot be one"))?,
                number: StaffNumber::parse(&first.number).ok_or_else(|| wrong("the staff number cannot be one"))?,
            };
            let role = Role::from_word(&first.role).ok_or_else(|| wrong("no role is called so"))?;
            let unit = Unit::parse(&first.unit).map_err(|_| wrong("the unit cannot be one"))?;
            // Whoever signs makes others officers, not themselves.
            if self.approved_by.iter().any(|signer| signer.eq_ignore_ascii_case(named.number.reveal())) {
                return Err(wrong("nobody makes themselves an officer: somebody else must sign"));
            }
            if officers.iter().any(|(other, ..)| other.number == named.number) {
                return Err(wrong("named twice: one person is one officer"));
            }
            officers.push((named, role, unit));
        }
        if officers.is_empty() || officers.len() > 20 {
            return Err(StatementFault::Form("it names between 1 and 20 officers".to_owned()));
        }
        Ok(Meaning { realm: self.realm, span, officers })
    }
}

/// Why no officers were made.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The store or the keys.
    #[error("{0}")]
    Fault(Fault),
    /// There is no staff house.
    #[error("this deployment has no staff house: give its configuration a section [staff]")]
    NoHouse,
    /// The house can staff itself.
    #[error("the house has officers of two units who can propose and approve others: new ones come by them")]
    Staffed,
    /// The statement does not hold.
    #[error("{0}")]
    Statement(#[from] StatementFault),
    /// No such unit.
    #[error("the configuration knows no unit called {0:?}")]
    Unit(String),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<lionrock_store::Error> for Trouble {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Somebody invited, with both halves of their code.
#[derive(Debug)]
pub struct Invited {
    /// Who.
    pub named: Named,
    /// Their id.
    pub officer: OfficerId,
    /// Role.
    pub role: Role,
    /// Unit.
    pub unit: Unit,
    /// For one of the two to hand over.
    pub first: Half,
    /// For the other.
    pub second: Half,
}

/// Invites whom the statement names. Somebody it invited before and who has no key yet gets a new code.
///
/// # Errors
/// [`Trouble`].
pub async fn run(
    platform: &Arc<Platform>,
    caller: &Caller,
    statement: Signed<FirstOfficers>,
    signers: &[Signer],
) -> Result<Vec<Invited>, Trouble> {
    let house = platform.settings.staff.as_ref().ok_or(Trouble::NoHouse)?;
    let signed_by: Vec<String> = statement.signatures.iter().map(|one| one.by.clone()).collect();
    let meaning = statement.open(signers)?;
    same_realm(&meaning.realm, &platform.settings.realm)?;
    meaning.span.judge(caller.now, LONGEST)?;
    if let Some((.., unit)) = meaning.officers.iter().find(|(.., unit)| !house.knows(unit)) {
        return Err(Trouble::Unit(unit.to_string()));
    }
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    platform
        .store
        .write(move |tx| {
            if staffed(tx, &owned, &caller)? {
                return Err(Trouble::Staffed);
            }
            meaning
                .officers
                .iter()
                .map(|(named, role, unit)| invite(tx, &owned, &caller, named, *role, unit, &signed_by))
                .collect()
        })
        .await
}

/// Whether two officers of two units can make others.
fn staffed(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller) -> Result<bool, Fault> {
    let mut units: Vec<Unit> = Vec::new();
    for kept in officer::all(tx)? {
        let makes = matches!(kept.officer.role, Role::Manager | Role::Security);
        if makes && kept.officer.stands(caller.now) && house::find(tx, platform, kept.officer.id).is_ok() {
            units.push(kept.officer.unit);
        }
    }
    Ok(units.iter().any(|unit| units.iter().any(|other| other != unit)))
}

fn invite(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    named: &Named,
    role: Role,
    unit: &Unit,
    signed_by: &[String],
) -> Result<Invited, Trouble> {
    let person = house::person(platform, &named.number)?;
    let (first, first_code) = new_half(platform, caller, FIRST)?;
    let (second, second_code) = new_half(platform, caller, SECOND)?;
    let until = Some(caller.now.after(INVITE));
    let rights_until = caller.now.after(RIGHTS_LONGEST);
    let id = match officer::by_person(tx, &person)? {
        Some(kept) => {
            let mut kept = house::find(tx, platform, kept.officer.id)?.map_or(kept, |seat| seat.kept);
            if kept.officer.state != OfficerState::Invited || kept.officer.role != role || kept.officer.unit != *unit {
                return Err(StatementFault::Form(format!("{} is an officer already", named.number.reveal())).into());
            }
            (kept.invite_first, kept.invite, kept.invite_until) = (Some(first_code), Some(second_code), until);
            if !officer::change(tx, &kept)? {
                return Err(lionrock_store::Error::Busy.into());
            }
            kept.officer.id
        }
        None => {
            let id = OfficerId::new(caller.now, caller.random());
            let officer = Officer { id, role, unit: unit.clone(), rights_until, state: OfficerState::Invited };
            let kept = row(platform, caller, officer, named, (Some(first_code), Some(second_code), until))?;
            officer::insert(tx, &kept)?;
            id
        }
    };
    house::record(tx, platform, caller, id, "staff.invited", json!({"signed_by": signed_by}))?;
    Ok(Invited { named: named.clone(), officer: id, role, unit: unit.clone(), first, second })
}

/// A new row of an officer whom nobody of the house proposed.
pub(crate) fn row(
    platform: &Platform,
    caller: &Caller,
    officer: Officer,
    named: &Named,
    (invite_first, invite, invite_until): (Option<[u8; 32]>, Option<[u8; 32]>, Option<Millis>),
) -> Result<Kept, Fault> {
    Ok(Kept {
        person: house::person(platform, &named.number)?,
        sealed_name: house::seal_name(platform, caller, officer.id, named)?,
        officer,
        proposed_by: None,
        approved_by: None,
        invite_first,
        invite,
        invite_until,
        user_handle: caller.random::<64>().to_vec(),
        created: caller.now,
        used: None,
        ended: None,
        version: 1,
    })
}
