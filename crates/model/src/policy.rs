//! Who may open which personal fields, for what purpose. Deny by default; the only maker of a [`Decision`].

pub mod purposes;
pub mod staff;
mod ticket;

pub use ticket::{OnTicket, TicketGround, decide_by_ticket};

use crate::id::{ConsentId, OfficerId, RegistrationId, ResidentId, ServiceId};
use std::fmt;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A resident, by their own session.
    Resident(ResidentId),
    /// An online service, by a token that stands for a consent.
    Service(ServiceId),
    /// The platform itself, for what it owes the resident (a notice by e-mail, say).
    Platform,
    /// A person who is registering, by the cookie of that registration.
    Registrant(RegistrationId),
    /// An officer, by a ticket that two officers signed.
    Officer(OfficerId),
}

/// Whose data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A resident with an account.
    Resident(ResidentId),
    /// A person whose registration is under way.
    Registrant(RegistrationId),
}

/// A personal field that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Date of birth.
    Birth,
    /// Date of issue of the card.
    CardIssued,
    /// Name in Chinese characters.
    ChineseName,
    /// Names given to passkeys, and where they were used.
    Devices,
    /// E-mail address.
    Email,
    /// Name in Latin letters.
    EnglishName,
    /// Identity card number.
    Hkid,
    /// Sex.
    Sex,
}

impl Field {
    /// All fields, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::EnglishName,
        Self::ChineseName,
        Self::Hkid,
        Self::Birth,
        Self::Sex,
        Self::CardIssued,
        Self::Email,
        Self::Devices,
    ];

    /// The stable word used in consents, the ledger, configuration and text keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::CardIssued => "card-issued",
            Self::ChineseName => "chinese-name",
            Self::Devices => "devices",
            Self::Email => "email",
            Self::EnglishName => "english-name",
            Self::Hkid => "hkid",
            Self::Sex => "sex",
        }
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.word() == word)
    }
}

/// What personal data is opened for. No other purpose exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The person looks at and manages their own account.
    AccountManagement,
    /// A person is shown what a service asks for, before they decide.
    ConsentPreview,
    /// Records are sealed under newer keys; nobody sees what they hold.
    KeyRotation,
    /// A message the platform owes the person.
    Notification,
    /// A registration under way is carried on to its account.
    Registration,
    /// After a restore the seals of a few records are tried; nobody sees what they hold.
    RestoreCheck,
    /// A service receives what the person released to it.
    Release,
    /// Staff: somebody is served at a counter.
    CounterService,
    /// Staff: somebody who asked is helped.
    HelpDesk,
    /// Staff: a person's request to see their data is answered.
    AccessRequest,
    /// Staff: a fact is set right.
    Correction,
    /// Staff: misuse is looked into.
    Investigation,
    /// Staff: an emergency, by two, reviewed afterwards.
    BreakGlass,
}

impl Purpose {
    /// All purposes there are.
    pub const ALL: [Self; 13] = [
        Self::AccountManagement,
        Self::ConsentPreview,
        Self::KeyRotation,
        Self::Notification,
        Self::Registration,
        Self::RestoreCheck,
        Self::Release,
        Self::CounterService,
        Self::HelpDesk,
        Self::AccessRequest,
        Self::Correction,
        Self::Investigation,
        Self::BreakGlass,
    ];

    /// Those of staff: decided by [`decide_by_ticket`] alone.
    pub const STAFF: [Self; 6] = [
        Self::CounterService,
        Self::HelpDesk,
        Self::AccessRequest,
        Self::Correction,
        Self::Investigation,
        Self::BreakGlass,
    ];

    /// Whether it is a purpose of staff.
    #[must_use]
    pub fn is_staff(self) -> bool {
        Self::STAFF.contains(&self)
    }

    /// Reads the stable word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }

    /// The stable word used in the ledger and in associated data.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AccountManagement => "account-management",
            Self::ConsentPreview => "consent-preview",
            Self::KeyRotation => "key-rotation",
            Self::Notification => "notification",
            Self::Registration => "registration",
            Self::RestoreCheck => "restore-check",
            Self::Release => "release",
            Self::CounterService => "counter-service",
            Self::HelpDesk => "help-desk",
            Self::AccessRequest => "access-request",
            Self::Correction => "correction",
            Self::Investigation => "investigation",
            Self::BreakGlass => "break-glass",
        }
    }

    /// The fields that may be opened for this purpose at all.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::AccountManagement | Self::Registration | Self::AccessRequest => &Field::ALL,
            Self::ConsentPreview | Self::Release => {
                &[Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Sex, Field::Email]
            }
            Self::KeyRotation | Self::RestoreCheck => &[],
            Self::Notification => &[Field::Email],
            Self::CounterService | Self::Correction => {
                &[Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Sex, Field::CardIssued]
            }
            Self::HelpDesk => &[Field::EnglishName, Field::ChineseName, Field::Email, Field::Devices],
            Self::Investigation => &[Field::EnglishName, Field::Hkid, Field::Email, Field::Devices],
            Self::BreakGlass => &[Field::EnglishName, Field::ChineseName, Field::Hkid, Field::Birth, Field::Email],
        }
    }
}

/// A consent as the decision sees it: who released what to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentGround {
    /// The consent.
    pub consent: ConsentId,
    /// Who gave it.
    pub resident: ResidentId,
    /// To whom.
    pub service: ServiceId,
    /// The fields released.
    pub fields: Vec<Field>,
    /// Whether it still stands (neither revoked nor expired).
    pub standing: bool,
}

/// A permission to open these fields of this resident, once, for this purpose. Only [`decide`] and [`decide_by_ticket`] make one.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    actor: Actor,
    subject: Subject,
    purpose: Purpose,
    fields: Vec<Field>,
    consent: Option<ConsentId>,
    ticket: Option<OnTicket>,
}

impl Decision {
    /// Who may.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whose data.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// The resident, when the data is a resident's.
    #[must_use]
    pub const fn resident(&self) -> Option<ResidentId> {
        match self.subject {
            Subject::Resident(resident) => Some(resident),
            Subject::Registrant(_) => None,
        }
    }

    /// What for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Which fields.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// On the ground of which consent, when it is a release.
    #[must_use]
    pub const fn consent(&self) -> Option<ConsentId> {
        self.consent
    }

    /// On the ground of which ticket, when staff opens.
    #[must_use]
    pub const fn ticket(&self) -> Option<OnTicket> {
        self.ticket
    }

    /// Whether a field is among those permitted.
    #[must_use]
    pub fn permits(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decision({} by {:?}: {} fields)", self.purpose.word(), self.actor, self.fields.len())
    }
}

crate::refusals! {
    /// Why personal data stays shut.
    OpenRefusal {
        /// The consent does not cover the field, the service or the resident, or stands no longer.
        NoConsent = "no-consent", 403, audited;
        /// The purpose does not list the field.
        NotForThisPurpose = "not-for-this-purpose", 403, audited;
        /// The data is another person's.
        NotYours = "not-yours", 403, audited;
        /// The ticket does not cover the officer, the person, the purpose or the field.
        NoTicket = "no-ticket", 403, audited;
        /// The ticket's minutes are over.
        TicketOver = "ticket-over", 403, audited;
    }
}

/// Decides whether `actor` may open `fields` of `subject` for `purpose`. A `ground` is needed for a release alone; staff is never
/// permitted anything here.
///
/// # Errors
/// With the reason, when any field is not covered: nothing is opened in part.
pub fn decide(
    actor: Actor,
    subject: Subject,
    purpose: Purpose,
    fields: &[Field],
    ground: Option<&ConsentGround>,
) -> Result<Decision, OpenRefusal> {
    if fields.iter().any(|field| !purpose.fields().contains(field)) {
        return Err(OpenRefusal::NotForThisPurpose);
    }
    match (&actor, purpose) {
        (Actor::Resident(own), Purpose::AccountManagement | Purpose::ConsentPreview) => {
            if subject != Subject::Resident(*own) {
                return Err(OpenRefusal::NotYours);
            }
        }
        (Actor::Registrant(own), Purpose::Registration) => {
            if subject != Subject::Registrant(*own) {
                return Err(OpenRefusal::NotYours);
            }
        }
        (Actor::Service(service), Purpose::Release) => {
            let ground = ground.ok_or(OpenRefusal::NoConsent)?;
            let covers = ground.standing
                && subject == Subject::Resident(ground.resident)
                && ground.service == *service
                && fields.iter().all(|field| ground.fields.contains(field));
            if !covers {
                return Err(OpenRefusal::NoConsent);
            }
        }
        (Actor::Platform, Purpose::Notification | Purpose::RestoreCheck) => {}
        _ => return Err(OpenRefusal::NotForThisPurpose),
    }
    let consent = ground.filter(|_| purpose == Purpose::Release).map(|ground| ground.consent);
    Ok(Decision { actor, subject, purpose, fields: fields.to_vec(), consent, ticket: None })
}

/// A permission to seal records under newer keys, whole columns of them and of nobody in particular. It opens no field for
/// anybody: bytes go in sealed and come out sealed. Only [`decide_moving`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moving(());

impl Moving {
    /// What for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        Purpose::KeyRotation
    }
}

/// Decides whether `actor` may seal records under newer keys.
///
/// # Errors
/// For everybody but the platform itself.
pub fn decide_moving(actor: &Actor) -> Result<Moving, OpenRefusal> {
    if *actor == Actor::Platform { Ok(Moving(())) } else { Err(OpenRefusal::NotForThisPurpose) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::time::Millis;

    fn resident(n: u8) -> ResidentId {
        ResidentId::new(Millis(1), [n; 10])
    }

    fn about(n: u8) -> Subject {
        Subject::Resident(resident(n))
    }

    fn service() -> ServiceId {
        ServiceId::parse("library").unwrap()
    }

    #[test]
    fn a_person_opens_their_own_data_and_nobody_elses() {
        let own = Actor::Resident(resident(1));
        assert!(decide(own.clone(), about(1), Purpose::AccountManagement, &Field::ALL, None).is_ok());
        assert_eq!(
            decide(own.clone(), about(2), Purpose::AccountManagement, &[Field::Email], None),
            Err(OpenRefusal::NotYours)
        );
        assert_eq!(decide(own, about(1), Purpose::Release, &[Field::Email], None), Err(OpenRefusal::NotForThisPurpose));
    }

    #[test]
    fn a_service_gets_exactly_what_was_released() {
        let mut ground = ConsentGround {
            consent: ConsentId::new(Millis(1), [0; 10]),
            resident: resident(1),
            service: service(),
            fields: vec![Field::EnglishName],
            standing: true,
        };
        let ask = |fields: &[Field], who: u8, ground: Option<&ConsentGround>| {
            decide(Actor::Service(service()), about(who), Purpose::Release, fields, ground)
        };
        assert!(ask(&[Field::EnglishName], 1, Some(&ground)).unwrap().permits(Field::EnglishName));
        assert_eq!(ask(&[Field::EnglishName, Field::Hkid], 1, Some(&ground)), Err(OpenRefusal::NoConsent));
        assert_eq!(ask(&[Field::EnglishName], 2, Some(&ground)), Err(OpenRefusal::NoConsent));
        assert_eq!(ask(&[Field::EnglishName], 1, None), Err(OpenRefusal::NoConsent));
        assert_eq!(ask(&[Field::Devices], 1, Some(&ground)), Err(OpenRefusal::NotForThisPurpose));
        ground.standing = false;
        assert_eq!(ask(&[Field::EnglishName], 1, Some(&ground)), Err(OpenRefusal::NoConsent));
        ground.standing = true;
        ground.service = ServiceId::parse("somebody-else").unwrap();
        assert_eq!(ask(&[Field::EnglishName], 1, Some(&ground)), Err(OpenRefusal::NoConsent));
    }

    #[test]
    fn a_registrant_sees_their_own_registration_and_no_account() {
        let own = RegistrationId::new(Millis(1), [1; 10]);
        let other = RegistrationId::new(Millis(1), [2; 10]);
        let ask = |subject| decide(Actor::Registrant(own), subject, Purpose::Registration, &[Field::Hkid], None);
        assert!(ask(Subject::Registrant(own)).is_ok());
        assert_eq!(ask(Subject::Registrant(other)), Err(OpenRefusal::NotYours));
        assert_eq!(ask(about(1)), Err(OpenRefusal::NotYours));
    }

    #[test]
    fn no_service_and_no_platform_has_a_way_to_account_data() {
        for actor in [Actor::Service(service()), Actor::Platform] {
            for purpose in [Purpose::AccountManagement, Purpose::ConsentPreview] {
                assert!(decide(actor.clone(), about(1), purpose, &[Field::Email], None).is_err());
            }
        }
    }

    #[test]
    fn moving_records_to_newer_keys_opens_no_field_for_anybody() {
        assert!(decide_moving(&Actor::Platform).is_ok());
        for actor in [Actor::Resident(resident(1)), Actor::Service(service())] {
            assert_eq!(decide_moving(&actor), Err(OpenRefusal::NotForThisPurpose));
        }
        assert_eq!(Purpose::KeyRotation.fields(), []);
        for actor in [Actor::Platform, Actor::Resident(resident(1)), Actor::Service(service())] {
            for field in Field::ALL {
                assert!(decide(actor.clone(), about(1), Purpose::KeyRotation, &[field], None).is_err());
            }
            assert!(decide(actor, about(1), Purpose::KeyRotation, &[], None).is_err());
        }
    }
}
