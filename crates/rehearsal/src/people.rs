//! Synthetic residents: the same seed makes the same people. Every name, number, date and address is invented, the
//! numbers lie in the range that no card carries, and a production realm refuses them.

mod codes;
pub mod folder;
mod invent;
mod names;

use jiff::civil::Date;
use lionrock_model::person::{CardFacts, Email};

pub use codes::commercial_code;
pub use invent::{NotAPerson, drills, person, registers_by_camera, residents, sample};

use crate::face::Face;

/// A made-up resident with their card.
#[derive(Clone, Debug)]
pub struct Person {
    /// The stable id, made from the name: `chan-tai-man`.
    pub slug: String,
    /// What this person is for.
    pub role: Role,
    /// What the card says.
    pub facts: CardFacts,
    /// Commercial codes of the Chinese name, one a character; empty without one.
    pub codes: Vec<u16>,
    /// Year and month of first registration.
    pub first_registered: (i16, i8),
    /// Symbols on the card, such as `***AZ`.
    pub symbols: String,
    /// Whether the card carries the right of abode and so the permanent title.
    pub permanent: bool,
    /// Where to write to; the domain cannot exist.
    pub email: Email,
    /// The photographs this person borrows; without them the portrait is a drawn one.
    pub face: Option<Face>,
}

/// What a synthetic person is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Has a face and registers by camera.
    Camera,
    /// Is there from the start.
    PreRegistered,
    /// Meets a difficulty on purpose.
    Drill(Drill),
}

impl Role {
    /// A word for lists.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::PreRegistered => "pre-registered",
            Self::Drill(Drill::RegistryMismatch) => "drill-registry-mismatch",
            Self::Drill(Drill::WrongCheckDigit) => "drill-wrong-check-digit",
            Self::Drill(Drill::Minor) => "drill-minor",
        }
    }
}

/// Difficulties. Those people borrow a face too, or they would not come as far as the difficulty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drill {
    /// The card was replaced: the registry knows a later date of issue.
    RegistryMismatch,
    /// The card's check character is wrong.
    WrongCheckDigit,
    /// The card's holder is under 18.
    Minor,
}

impl Drill {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RegistryMismatch, Self::WrongCheckDigit, Self::Minor];
}

impl Person {
    /// The number as the card prints it, `U123456(7)`: with the wrong check character where that is the drill.
    #[must_use]
    pub fn printed_number(&self) -> String {
        if self.role == Role::Drill(Drill::WrongCheckDigit) {
            let right = self.facts.hkid.check().to_digit(11).unwrap_or(0);
            let wrong = char::from_digit((right + 4) % 11, 11).map_or('0', |c| c.to_ascii_uppercase());
            format!("{}({wrong})", self.facts.hkid.body())
        } else {
            self.facts.hkid.reveal()
        }
    }

    /// What the registry holds of this person: what the card says, unless the drill is that it does not.
    #[must_use]
    pub fn registry_record(&self) -> CardFacts {
        let mut record = self.facts.clone();
        if self.role == Role::Drill(Drill::RegistryMismatch) {
            record.issued = record.issued.saturating_add(jiff::Span::new().days(37));
        }
        record
    }

    /// How old the person is on a day, in years.
    #[must_use]
    pub fn age_on(&self, day: Date) -> i16 {
        age(self.facts.birth, day)
    }
}

fn age(birth: Date, day: Date) -> i16 {
    let before_birthday = (day.month(), day.day()) < (birth.month(), birth.day());
    day.year() - birth.year() - i16::from(before_birthday)
}

/// How many residents a demo has unless it is told otherwise: three by camera and twelve that are there already.
pub const DEFAULT_RESIDENTS: usize = 15;

/// The seed of the demo's people unless it is told otherwise.
pub const DEFAULT_SEED: u64 = 1;
