//! What staff may do: role × action × purpose × fields × class of data × time × place, as Cedar policies that ship with a release.
//!
//! The policies stand in `crates/model/policy/`: `staff.cedar` is what auditors read, `staff.cedarschema` its words, and
//! `staff.sha256` pins both. No configuration and no row of the database is asked. [`permit`] is the only maker of a [`Permit`].

mod action;
mod engine;
mod rendered;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use engine::{PINNED, PolicyFault, TEXT, check};
pub use rendered::rendered;

use super::{Field, Purpose};
use crate::id::OfficerId;
use crate::staff::{Officer, Post, Role, Unit};

/// How much harm a class of data could do. Ordered: what may see one may see those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataClass {
    /// Nobody's personal data.
    None,
    /// Personal data.
    Restricted,
    /// The identity card number.
    Confidential,
}

impl DataClass {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::None, Self::Restricted, Self::Confidential];

    /// The class of the worst of these fields.
    #[must_use]
    pub fn of(fields: &[Field]) -> Self {
        let class = |field: &Field| if *field == Field::Hkid { Self::Confidential } else { Self::Restricted };
        fields.iter().map(class).max().unwrap_or(Self::None)
    }

    /// The stable word, as policies name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Restricted => "restricted",
            Self::Confidential => "confidential",
        }
    }
}

/// Whether an officer may do something, here and now.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who.
    pub officer: OfficerId,
    /// Their role.
    pub role: Role,
    /// Where they work.
    pub unit: Unit,
    /// What they want to do.
    pub action: Action,
    /// What personal data is opened for; none when none is.
    pub purpose: Option<Purpose>,
    /// Which fields.
    pub fields: Vec<Field>,
    /// Class of the data: at least that of the fields.
    pub class: DataClass,
    /// Hour of the day in Hong Kong, 0 to 23.
    pub hour: u8,
    /// Where they sit, and when their unit works.
    pub place: Post,
    /// Whose proposal they approve: officer and unit.
    pub proposer: Option<(OfficerId, Unit)>,
    /// Role of the officer they propose, confirm or end.
    pub about: Option<Role>,
}

impl Question {
    /// May this officer do that, without opening personal data?
    #[must_use]
    pub fn new(officer: &Officer, action: Action, hour: u8, place: Post) -> Self {
        Self {
            officer: officer.id,
            role: officer.role,
            unit: officer.unit.clone(),
            action,
            purpose: None,
            fields: Vec::new(),
            class: DataClass::None,
            hour,
            place,
            proposer: None,
            about: None,
        }
    }

    /// Opening these fields for this purpose.
    #[must_use]
    pub fn opening(mut self, purpose: Purpose, fields: &[Field]) -> Self {
        self.purpose = Some(purpose);
        self.fields = fields.to_vec();
        self.class = DataClass::of(fields);
        self
    }

    /// Approving what this officer of that unit proposed.
    #[must_use]
    pub fn proposed_by(mut self, officer: OfficerId, unit: Unit) -> Self {
        self.proposer = Some((officer, unit));
        self
    }

    /// About an officer of that role.
    #[must_use]
    pub const fn about(mut self, role: Role) -> Self {
        self.about = Some(role);
        self
    }
}

crate::refusals! {
    /// Why staff may not.
    StaffRefusal {
        /// The policy of this release cannot be read or is not the pinned one: nobody may do anything.
        PolicyNotLoaded = "staff-policy-not-loaded", 503, audited;
        /// The policy does not permit it to this role, for this purpose, with these fields, at this hour or place.
        NotPermitted = "staff-not-permitted", 403, audited;
        /// One's own proposal.
        OwnProposal = "staff-own-proposal", 403, audited;
        /// The proposal of somebody of the same unit.
        SameUnit = "staff-same-unit", 403, audited;
    }
}

/// What the policy permitted: to whom, to do what, with which data. Only [`permit`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    officer: OfficerId,
    action: Action,
    purpose: Option<Purpose>,
    fields: Vec<Field>,
    rules: Vec<String>,
}

impl Permit {
    /// Who may.
    #[must_use]
    pub const fn officer(&self) -> OfficerId {
        self.officer
    }

    /// What they may do.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// What personal data is opened for.
    #[must_use]
    pub const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// Which fields.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Names of the policies that permitted it.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// SHA-256 of schema and policies, hexadecimal: which text decided. Every decision's leaf carries it.
    #[must_use]
    pub fn policy_hash(&self) -> &'static str {
        PINNED
    }
}

/// Asks the policy. Deny by default.
///
/// # Errors
/// A [`StaffRefusal`].
pub fn permit(question: &Question) -> Result<Permit, StaffRefusal> {
    if question.class < DataClass::of(&question.fields) || question.hour > 23 {
        return Err(StaffRefusal::NotPermitted);
    }
    // Said before the policy says no, so that people learn which rule of two they met.
    if question.action.is_approval()
        && let Some((officer, unit)) = &question.proposer
    {
        if *officer == question.officer {
            return Err(StaffRefusal::OwnProposal);
        }
        if *unit == question.unit {
            return Err(StaffRefusal::SameUnit);
        }
    }
    if question.purpose.is_some_and(|purpose| question.fields.iter().any(|field| !purpose.fields().contains(field))) {
        return Err(StaffRefusal::NotPermitted);
    }
    let rules = engine::ask(question)?.ok_or(StaffRefusal::NotPermitted)?;
    Ok(Permit {
        officer: question.officer,
        action: question.action,
        purpose: question.purpose,
        fields: question.fields.clone(),
        rules,
    })
}
