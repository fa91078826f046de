//! The whole policy once more, as a table written by hand, compared with what Cedar answers to every question there is.

use super::{Action, DataClass, PINNED, Question, StaffRefusal, permit, rendered};
use crate::id::{OfficerId, ResidentId, TicketId};
use crate::policy::{Actor, Field, OpenRefusal, Purpose, Subject, TicketGround, decide_by_ticket};
use crate::staff::{Officer, OfficerState, Place, Post, Role, Unit};
use crate::time::Millis;

const OPENS: u8 = 9;
const CLOSES: u8 = 18;

fn id(n: u8) -> OfficerId {
    OfficerId::new(Millis(1), [n; 10])
}

fn unit(word: &str) -> Unit {
    Unit::parse(word).unwrap_or_else(|error| panic!("{error}"))
}

fn officer(role: Role) -> Officer {
    Officer { id: id(1), role, unit: unit("north-point"), rights_until: Millis(10), state: OfficerState::Active }
}

fn post(kind: Place) -> Post {
    Post { kind, opens: OPENS, closes: CLOSES }
}

/// A question in its best case: somebody of another unit proposed, about a counter officer.
fn question(role: Role, action: Action, purpose: Option<Purpose>, fields: &[Field], hour: u8, kind: Place) -> Question {
    let asked = Question::new(&officer(role), action, hour, post(kind)).about(Role::Counter);
    let asked = asked.proposed_by(id(2), unit("head-office"));
    match purpose {
        Some(purpose) => asked.opening(purpose, fields),
        None => Question { fields: fields.to_vec(), class: DataClass::of(fields), ..asked },
    }
}

/// By hand: which actions open what, for whom.
fn opens(role: Role, action: Action, purpose: Purpose) -> bool {
    use Action as A;
    use Purpose as P;
    use Role as R;
    match (purpose, action) {
        (P::CounterService, A::TicketOpen | A::TicketRead) => role == R::Counter,
        (P::CounterService, A::TicketApprove) => matches!(role, R::Counter | R::Privacy),
        (P::HelpDesk, A::TicketOpen | A::TicketRead) => role == R::HelpDesk,
        (P::HelpDesk, A::TicketApprove) => matches!(role, R::HelpDesk | R::Privacy),
        (P::AccessRequest | P::Correction, A::TicketOpen | A::TicketRead) => role == R::Privacy,
        (P::AccessRequest | P::Correction, A::TicketApprove) => matches!(role, R::Privacy | R::Security),
        (P::Investigation, A::TicketOpen | A::TicketRead) => role == R::Security,
        (P::Investigation, A::TicketApprove) => role == R::Privacy,
        (P::BreakGlass, A::BreakGlassOpen | A::BreakGlassApprove | A::BreakGlassRead) => {
            matches!(role, R::Privacy | R::Security)
        }
        _ => false,
    }
}

/// By hand: who may act without opening anything, and where.
fn acts(role: Role, action: Action, kind: Place, working: bool) -> bool {
    use Action as A;
    use Role as R;
    let office = kind == Place::Office;
    let counter = kind == Place::Counter;
    match action {
        A::CounterRegister | A::CounterUpgrade | A::CounterRecover => role == R::Counter && counter && working,
        A::AccountFreeze => role == R::HelpDesk && office || role == R::Counter && counter,
        A::JobPropose => matches!(role, R::Operator | R::Privacy) && office,
        A::BreakGlassReview => role == R::Privacy && office,
        A::JobApprove | A::HoldPropose | A::HoldApprove | A::BoardRead | A::FindingSettle => {
            matches!(role, R::Privacy | R::Security) && office
        }
        A::CertificatePropose | A::CertificateApprove => role == R::CaOfficer && office,
        A::KeyPropose | A::KeyApprove => role == R::KeyCustodian && office,
        A::OfficerPropose | A::OfficerApprove | A::OfficerConfirm | A::OfficerEnd | A::OfficerList => {
            matches!(role, R::Manager | R::Security) && office
        }
        A::StaffReport | A::LogVerify => matches!(role, R::Manager | R::Security | R::Auditor),
        _ => false,
    }
}

/// By hand: whether the purpose holds at this hour and place, for that field.
fn holds(action: Action, purpose: Purpose, field: Field, kind: Place, working: bool) -> bool {
    use Field as F;
    let card = matches!(field, F::EnglishName | F::ChineseName | F::Hkid | F::Birth | F::Sex | F::CardIssued);
    match purpose {
        // Counter officers approve at the counter, privacy officers in the office: `at` is asked by the caller.
        Purpose::CounterService => card && working && kind != Place::Elsewhere,
        Purpose::HelpDesk => {
            matches!(field, F::EnglishName | F::ChineseName | F::Email | F::Devices) && working && kind == Place::Office
        }
        Purpose::AccessRequest => working && kind == Place::Office,
        Purpose::Correction => card && working && kind == Place::Office,
        Purpose::Investigation => {
            matches!(field, F::EnglishName | F::Hkid | F::Email | F::Devices) && kind == Place::Office
        }
        Purpose::BreakGlass => {
            matches!(field, F::EnglishName | F::ChineseName | F::Hkid | F::Birth | F::Email) && action.opens()
        }
        _ => false,
    }
}

fn wanted(
    role: Role,
    action: Action,
    purpose: Option<Purpose>,
    field: Option<Field>,
    kind: Place,
    working: bool,
) -> bool {
    match (purpose, field) {
        (None, None) => acts(role, action, kind, working),
        (Some(purpose), Some(field)) => {
            let at = match (purpose, role) {
                (Purpose::CounterService, Role::Counter) => kind == Place::Counter,
                (Purpose::CounterService, _) => kind == Place::Office,
                _ => true,
            };
            opens(role, action, purpose) && holds(action, purpose, field, kind, working) && at
        }
        // A purpose without fields, or fields without a purpose, is no question anybody may ask.
        _ => false,
    }
}

#[test]
fn every_role_action_purpose_field_place_and_time_is_as_the_table_says() {
    let parts: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| std::thread::spawn(move || Action::ALL.iter().map(|action| compare(role, *action)).sum::<usize>()))
        .collect();
    let permitted: usize = parts.into_iter().map(|part| part.join().unwrap_or_else(|_| panic!("see above"))).sum();
    assert!(permitted > 200, "the table permits something: {permitted}");
}

fn compare(role: Role, action: Action) -> usize {
    let mut permitted = 0;
    for purpose in [None].into_iter().chain(Purpose::ALL.map(Some)) {
        for field in [None].into_iter().chain(Field::ALL.map(Some)) {
            for kind in Place::ALL {
                for hour in [3, 12] {
                    let fields: Vec<_> = field.into_iter().collect();
                    let answer = permit(&question(role, action, purpose, &fields, hour, kind));
                    let working = (OPENS..CLOSES).contains(&hour);
                    assert_eq!(
                        answer.is_ok(),
                        wanted(role, action, purpose, field, kind, working),
                        "{} {} {purpose:?} {field:?} {kind:?} at {hour}: {answer:?}",
                        role.word(),
                        action.word()
                    );
                    permitted += usize::from(answer.is_ok());
                }
            }
        }
    }
    permitted
}

#[test]
fn working_hours_are_those_of_the_unit_to_the_hour() {
    for hour in 0..=24 {
        let ask = |role, action, purpose, fields: &[Field], kind| {
            permit(&question(role, action, Some(purpose), fields, hour, kind)).is_ok()
        };
        let working = (OPENS..CLOSES).contains(&hour);
        let (card, name) = ([Field::EnglishName, Field::Hkid], [Field::EnglishName]);
        assert_eq!(
            ask(Role::Counter, Action::TicketOpen, Purpose::CounterService, &card, Place::Counter),
            working,
            "{hour}"
        );
        assert_eq!(ask(Role::HelpDesk, Action::TicketRead, Purpose::HelpDesk, &name, Place::Office), working, "{hour}");
        assert_eq!(
            ask(Role::Privacy, Action::TicketRead, Purpose::AccessRequest, &Field::ALL, Place::Office),
            working,
            "{hour}"
        );
        let any = hour < 24;
        assert_eq!(
            ask(Role::Security, Action::TicketRead, Purpose::Investigation, &card, Place::Office),
            any,
            "{hour}"
        );
        assert_eq!(
            ask(Role::Privacy, Action::BreakGlassOpen, Purpose::BreakGlass, &name, Place::Elsewhere),
            any,
            "{hour}"
        );
    }
}

#[test]
fn every_set_of_fields_is_permitted_only_when_each_of_them_is() {
    let roles = [
        (Role::Counter, Purpose::CounterService, Place::Counter),
        (Role::HelpDesk, Purpose::HelpDesk, Place::Office),
        (Role::Privacy, Purpose::AccessRequest, Place::Office),
        (Role::Security, Purpose::Investigation, Place::Office),
    ];
    for set in 0_u32..256 {
        let chosen = Field::ALL.into_iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0);
        let fields: Vec<_> = chosen.map(|(_, field)| field).collect();
        for (role, purpose, kind) in roles {
            let each =
                fields.iter().all(|field| wanted(role, Action::TicketRead, Some(purpose), Some(*field), kind, true));
            let got = permit(&question(role, Action::TicketRead, Some(purpose), &fields, 12, kind)).is_ok();
            assert_eq!(got, each && !fields.is_empty(), "{} {fields:?}", role.word());
        }
    }
}

#[test]
fn what_needs_two_needs_two_people_of_two_units() {
    for role in Role::ALL {
        for action in Action::ALL.iter().copied().filter(|action| action.is_approval()) {
            for kind in Place::ALL {
                let purpose = match action {
                    Action::TicketApprove if role == Role::Security => Some(Purpose::AccessRequest),
                    Action::TicketApprove if role == Role::HelpDesk => Some(Purpose::HelpDesk),
                    Action::TicketApprove => Some(Purpose::CounterService),
                    Action::BreakGlassApprove => Some(Purpose::BreakGlass),
                    _ => None,
                };
                let fields: &[Field] = if purpose.is_some() { &[Field::EnglishName] } else { &[] };
                let best = question(role, action, purpose, fields, 12, kind);
                let alone = Question { proposer: None, ..best.clone() };
                let own = best.clone().proposed_by(id(1), unit("head-office"));
                let same_unit = best.clone().proposed_by(id(2), unit("north-point"));
                assert!(permit(&alone).is_err(), "{} {}", role.word(), action.word());
                assert_eq!(permit(&own), Err(StaffRefusal::OwnProposal));
                assert_eq!(permit(&same_unit), Err(StaffRefusal::SameUnit));
            }
        }
    }
}

#[test]
fn about_an_auditor_only_a_manager_decides_and_nobody_is_changed_namelessly() {
    for role in Role::ALL {
        for action in Action::ALL.iter().copied().filter(|action| action.changes_officers()) {
            for about in Role::ALL {
                let asked = question(role, action, None, &[], 12, Place::Office).about(about);
                let may = match about {
                    Role::Auditor => role == Role::Manager,
                    _ => matches!(role, Role::Manager | Role::Security),
                };
                assert_eq!(permit(&asked).is_ok(), may, "{} {} {}", role.word(), action.word(), about.word());
            }
            let nameless = Question { about: None, ..question(role, action, None, &[], 12, Place::Office) };
            assert!(permit(&nameless).is_err());
        }
    }
}

#[test]
fn data_of_a_higher_class_than_the_fields_is_judged_by_its_class() {
    let best =
        question(Role::HelpDesk, Action::TicketRead, Some(Purpose::HelpDesk), &[Field::Email], 12, Place::Office);
    assert!(permit(&best).is_ok());
    assert!(permit(&Question { class: DataClass::Confidential, ..best.clone() }).is_err());
    assert!(permit(&Question { class: DataClass::None, ..best }).is_err(), "nobody calls personal data harmless");
}

#[test]
fn a_permit_says_what_it_is_for_and_which_text_decided() {
    let asked =
        question(Role::Counter, Action::TicketRead, Some(Purpose::CounterService), &[Field::Hkid], 12, Place::Counter);
    let permit = permit(&asked).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(permit.policy_hash(), PINNED);
    assert_eq!(permit.rules(), ["counter-serves-people-who-are-present"]);
    assert_eq!((permit.officer(), permit.action()), (id(1), Action::TicketRead));
}

#[test]
fn a_ticket_opens_exactly_what_it_says_for_its_officer_until_its_end() {
    let person = ResidentId::new(Millis(1), [7; 10]);
    let fields = [Field::EnglishName, Field::Hkid];
    let asked = question(Role::Counter, Action::TicketRead, Some(Purpose::CounterService), &fields, 12, Place::Counter);
    let ground = TicketGround {
        ticket: TicketId::new(Millis(1), [3; 10]),
        officer: id(1),
        resident: person,
        purpose: Purpose::CounterService,
        fields: fields.to_vec(),
        until: Millis(100),
        permit: permit(&asked).unwrap_or_else(|refusal| panic!("{refusal:?}")),
    };
    let ask = |who: OfficerId, whose: ResidentId, purpose, fields: &[Field], ground: &TicketGround, now: i64| {
        decide_by_ticket(Actor::Officer(who), Subject::Resident(whose), purpose, fields, ground, Millis(now))
    };
    let counter = Purpose::CounterService;
    let decision = ask(id(1), person, counter, &fields, &ground, 99).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert!(decision.permits(Field::Hkid) && !decision.permits(Field::Birth));
    assert_eq!(decision.ticket().map(|on| (on.ticket, on.policy)), Some((ground.ticket, PINNED)));
    assert_eq!(ask(id(1), person, counter, &fields, &ground, 100), Err(OpenRefusal::TicketOver));
    assert_eq!(ask(id(2), person, counter, &fields, &ground, 1), Err(OpenRefusal::NoTicket), "another officer");
    let other = ResidentId::new(Millis(1), [8; 10]);
    assert_eq!(ask(id(1), other, counter, &fields, &ground, 1), Err(OpenRefusal::NoTicket), "another person");
    assert_eq!(ask(id(1), person, counter, &[Field::Birth], &ground, 1), Err(OpenRefusal::NoTicket), "one field more");
    assert_eq!(ask(id(1), person, Purpose::Correction, &fields, &ground, 1), Err(OpenRefusal::NoTicket));
    assert_eq!(ask(id(1), person, counter, &[], &ground, 1), Err(OpenRefusal::NotForThisPurpose));
    let wide = TicketGround { fields: Field::ALL.to_vec(), ..ground.clone() };
    assert_eq!(ask(id(1), person, counter, &[Field::Birth], &wide, 1), Err(OpenRefusal::NoTicket), "not permitted");
    let resident =
        decide_by_ticket(Actor::Resident(person), Subject::Resident(person), counter, &fields, &ground, Millis(1));
    assert_eq!(resident, Err(OpenRefusal::NotForThisPurpose));
    let plain = crate::policy::decide(Actor::Officer(id(1)), Subject::Resident(person), counter, &fields, None);
    assert!(plain.is_err(), "without a ticket there is no way");
}

#[test]
fn the_page_for_auditors_is_current() {
    let page = include_str!("../../../../../docs/formats/staff-policy.md");
    assert!(page == rendered(), "docs/formats/staff-policy.md must read:\n{}", rendered());
}
