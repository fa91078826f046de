//! The purposes as auditors read them, derived from what [`decide`] answers; rendered in `docs/formats/purposes.md`.
//!
//! A purpose is a word of a closed list. There is none for marketing or analytics, no way to make one at run time, and no actor
//! who could ask for one: adding one is a change of this crate, of the page and of the tests beside it.

use super::staff::{Action, Question, permit};
use super::{Actor, ConsentGround, Field, Purpose, Subject, TicketGround, decide, decide_by_ticket};
use crate::id::{ConsentId, OfficerId, RegistrationId, ResidentId, ServiceId, TicketId};
use crate::staff::{Officer, OfficerState, Place, Post, Role, Unit};
use crate::time::Millis;

/// Everybody who can ask, by the words of the page.
const ACTORS: [&str; 5] = ["officer", "platform", "registrant", "resident", "service"];

impl Purpose {
    /// What it is for, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::AccountManagement => "the person looks at and manages their own account",
            Self::ConsentPreview => "the person sees what a service asks for, before they decide",
            Self::KeyRotation => "records are sealed under newer keys; nobody sees what they hold",
            Self::Notification => "a message the platform owes the person about their account",
            Self::Registration => "a registration under way is carried on to its account",
            Self::Release => "a service receives what the person released to it, while the consent stands",
            Self::RestoreCheck => "after a restore the seals of a few records are tried; nobody sees what they hold",
            Self::CounterService => "somebody is served at a counter, by a ticket two officers signed",
            Self::HelpDesk => "somebody who asked is helped, by a ticket two officers signed",
            Self::AccessRequest => "a person's request to see their data is answered, by a ticket two officers signed",
            Self::Correction => "a fact is set right, by a ticket two officers signed",
            Self::Investigation => "misuse is looked into, by a ticket two officers signed",
            Self::BreakGlass => "an emergency, by two officers, reviewed afterwards",
        }
    }
}

/// Whether an actor of that word, in their best case (their own data, a standing consent for everything), may open a field.
fn may(actor: &str, purpose: Purpose, field: Field) -> bool {
    let resident = ResidentId::new(Millis(1), [1; 10]);
    let registration = RegistrationId::new(Millis(1), [2; 10]);
    let Ok(service) = ServiceId::parse("example") else { return false };
    let ground = ConsentGround {
        consent: ConsentId::new(Millis(1), [3; 10]),
        resident,
        service: service.clone(),
        fields: Field::ALL.to_vec(),
        standing: true,
    };
    let (actor, subject) = match actor {
        "platform" => (Actor::Platform, Subject::Resident(resident)),
        "registrant" => (Actor::Registrant(registration), Subject::Registrant(registration)),
        "resident" => (Actor::Resident(resident), Subject::Resident(resident)),
        "service" => (Actor::Service(service), Subject::Resident(resident)),
        "officer" => return by_ticket(purpose, field),
        _ => return false,
    };
    decide(actor, subject, purpose, &[field], Some(&ground)).is_ok()
}

/// Whether an officer of any role may open a field, with a ticket for everything, at their own desk in working hours.
fn by_ticket(purpose: Purpose, field: Field) -> bool {
    let id = OfficerId::new(Millis(1), [4; 10]);
    let resident = ResidentId::new(Millis(1), [1; 10]);
    let Ok(unit) = Unit::parse("north-point") else { return false };
    let action = if purpose == Purpose::BreakGlass { Action::BreakGlassRead } else { Action::TicketRead };
    Role::ALL.into_iter().any(|role| {
        [Place::Counter, Place::Office].into_iter().any(|kind| {
            let state = OfficerState::Active;
            let officer = Officer { id, role, unit: unit.clone(), rights_until: Millis(2), state };
            let post = Post { kind, opens: 9, closes: 18 };
            let Ok(permit) = permit(&Question::new(&officer, action, 10, post).opening(purpose, &[field])) else {
                return false;
            };
            let ticket = TicketId::new(Millis(1), [5; 10]);
            let fields = Field::ALL.to_vec();
            let ground = TicketGround { ticket, officer: id, resident, purpose, fields, until: Millis(2), permit };
            let subject = Subject::Resident(resident);
            decide_by_ticket(Actor::Officer(id), subject, purpose, &[field], &ground, Millis(1)).is_ok()
        })
    })
}

/// The page, Markdown.
#[must_use]
pub fn rendered() -> String {
    let mut text = String::from(
        "# What personal data is opened for, by whom\n\n\
         No other purpose exists: the list is closed in `crates/model/src/policy.rs`, and every opening names one of it in the ledger \
         (`personal.opened`). There is none for marketing, analytics or statistics. A field is opened for an actor only where the table says so, for their own \
         data or, in a release, for what the person released; an officer opens on the ground of a ticket alone, and which role may ask for what is \
         in [staff-policy.md](staff-policy.md). This page is rendered from the code's own answers; a test fails when it \
         is not current.\n\n| purpose | what for | who | fields |\n| --- | --- | --- | --- |\n",
    );
    for purpose in Purpose::ALL {
        let mut rows = 0;
        for actor in ACTORS {
            let fields: Vec<_> =
                Field::ALL.into_iter().filter(|field| may(actor, purpose, *field)).map(Field::word).collect();
            if !fields.is_empty() {
                text.push_str(&row(purpose, actor, &fields.join(", ")));
                rows += 1;
            }
        }
        if rows == 0 {
            text.push_str(&row(purpose, "nobody", "none"));
        }
    }
    text
}

fn row(purpose: Purpose, actor: &str, fields: &str) -> String {
    format!("| `{}` | {} | {actor} | {fields} |\n", purpose.word(), purpose.meaning())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const RELEASED: [Field; 6] =
        [Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Sex, Field::Email];

    const CARD: [Field; 6] =
        [Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Sex, Field::CardIssued];

    /// The whole policy once more, written by hand: who may open which field for what.
    fn wanted(actor: &str, purpose: Purpose, field: Field) -> bool {
        match (actor, purpose) {
            ("resident", Purpose::AccountManagement) | ("registrant", Purpose::Registration) => true,
            ("resident", Purpose::ConsentPreview) | ("service", Purpose::Release) => RELEASED.contains(&field),
            ("platform", Purpose::Notification) => field == Field::Email,
            ("officer", Purpose::AccessRequest) => true,
            ("officer", Purpose::CounterService | Purpose::Correction) => CARD.contains(&field),
            ("officer", Purpose::HelpDesk) => {
                matches!(field, Field::EnglishName | Field::ChineseName | Field::Email | Field::Devices)
            }
            ("officer", Purpose::Investigation) => {
                matches!(field, Field::EnglishName | Field::Hkid | Field::Email | Field::Devices)
            }
            ("officer", Purpose::BreakGlass) => {
                matches!(field, Field::EnglishName | Field::ChineseName | Field::Hkid | Field::Birth | Field::Email)
            }
            _ => false,
        }
    }

    #[test]
    fn every_actor_for_every_purpose_gets_exactly_the_fields_of_the_table() {
        let mut permitted = 0;
        for actor in ACTORS {
            for purpose in Purpose::ALL {
                for field in Field::ALL {
                    let got = may(actor, purpose, field);
                    assert_eq!(got, wanted(actor, purpose, field), "{actor}, {}, {}", purpose.word(), field.word());
                    permitted += usize::from(got);
                }
            }
        }
        let staff = 8 + 6 + 6 + 4 + 4 + 5;
        assert_eq!(permitted, 8 + 8 + 6 + 6 + 1 + staff, "of {} combinations", 5 * 13 * 8);
    }

    #[test]
    fn of_another_person_and_without_a_consent_nothing_is_opened() {
        let id = |n| ResidentId::new(Millis(1), [n; 10]);
        let service = ServiceId::parse("example").unwrap();
        let registration = |n| RegistrationId::new(Millis(1), [n; 10]);
        for purpose in Purpose::ALL {
            for field in Field::ALL {
                for (actor, subject) in [
                    (Actor::Resident(id(1)), Subject::Resident(id(2))),
                    (Actor::Resident(id(1)), Subject::Registrant(registration(1))),
                    (Actor::Registrant(registration(1)), Subject::Registrant(registration(2))),
                    (Actor::Registrant(registration(1)), Subject::Resident(id(1))),
                    (Actor::Service(service.clone()), Subject::Resident(id(1))),
                    (Actor::Service(service.clone()), Subject::Registrant(registration(1))),
                ] {
                    let refused = decide(actor.clone(), subject, purpose, &[field], None).is_err();
                    assert!(refused, "{actor:?} about {subject:?} for {}", purpose.word());
                }
            }
        }
    }

    #[test]
    fn no_purpose_sells_counts_or_studies_anybody() {
        let words = Purpose::ALL.map(Purpose::word);
        for banned in ["market", "advert", "analy", "statist", "profil", "research", "commerc", "other", "general"] {
            assert!(words.iter().all(|word| !word.contains(banned)), "{banned}");
        }
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        assert_eq!(distinct.len(), words.len());
    }

    #[test]
    fn the_page_for_people_is_current() {
        let page = include_str!("../../../../docs/formats/purposes.md");
        assert!(page == rendered(), "docs/formats/purposes.md must read:\n{}", rendered());
    }
}
