//! Opening personal data: no log, no key.
//!
//! A [`Decision`](lionrock_model::policy::Decision) becomes a [`Grant`] only by writing its leaf in the running
//! transaction; only a grant opens, and only the fields decided on. There is no other call of `KeyRing::open_sealed` on
//! personal data (a test reads the source and says so). What a grant opened leaves the transaction only when the
//! transaction, and so the leaf, is committed.
//!
//! Before anything is opened two questions are asked: does the budget have room ([`desk`]), and is the row what the ledger
//! says it is ([`freshness`])?

mod desk;
pub mod unlock;
pub mod watch;

pub use desk::{Alarm, Desk};

use crate::audit::{self, Event};
use crate::freshness::{self, Standing};
use crate::rotation::home;
use crate::{Caller, Fault, Platform, erasure};
use desk::Use;
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, Mac, ResidentKey, Sealed, Slot};
use lionrock_model::budget::{Budget, Kind};
use lionrock_model::hkid::Hkid;
use lionrock_model::id::{OfficerId, ResidentId};
use lionrock_model::person::{CardFacts, ChineseName, Email, EnglishName, Sex};
use lionrock_model::policy::{Actor, Decision, Field, Purpose, Subject};
use lionrock_model::staff::{Role, Unit};
use lionrock_store::{Tx, resident, sealed};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// The right to open the decided fields, within one transaction.
#[derive(Debug)]
pub struct Grant<'p> {
    platform: &'p Platform,
    decision: Decision,
    key: Option<ResidentKey>,
    row: Option<(resident::Resident, Standing)>,
    /// The leaf that was written for it.
    pub leaf: [u8; 16],
}

/// Writes the leaf of a decision and unwraps what it needs.
///
/// # Errors
/// `Key` when the resident's key is destroyed or another's: nothing can be opened any more. `RolledBack` when the row is not
/// what the ledger says; `Locked` when the budget has no room; `Bug` for an officer, who opens by [`grant_on_ticket`].
pub fn grant<'p>(
    tx: &mut Tx<'_>,
    platform: &'p Platform,
    caller: &Caller,
    decision: &Decision,
) -> Result<Grant<'p>, Fault> {
    if matches!(decision.actor(), Actor::Officer(_)) {
        return Err(Fault::bug("an officer opens on a ticket"));
    }
    granted(tx, platform, caller, decision, opening(decision, None))
}

/// Who reads on a ticket, as the leaf tells the resident: role and unit of both officers.
#[derive(Clone, Debug)]
pub struct Readers {
    /// Who reads.
    pub officer: (OfficerId, Role, Unit),
    /// Who approved it.
    pub second: (OfficerId, Role, Unit),
    /// The case in the office's books.
    pub case: String,
}

/// As [`grant`], for an officer on a ticket: the leaf says in which role and unit they read, who approved it, and under which ticket.
///
/// # Errors
/// As [`grant`]; `Bug` when the decision stands on no ticket.
pub fn grant_on_ticket<'p>(
    tx: &mut Tx<'_>,
    platform: &'p Platform,
    caller: &Caller,
    decision: &Decision,
    readers: &Readers,
) -> Result<Grant<'p>, Fault> {
    if decision.ticket().is_none() || *decision.actor() != Actor::Officer(readers.officer.0) {
        return Err(Fault::bug("the decision stands on no ticket of this officer"));
    }
    granted(tx, platform, caller, decision, opening(decision, Some(readers)))
}

fn granted<'p>(
    tx: &mut Tx<'_>,
    platform: &'p Platform,
    caller: &Caller,
    decision: &Decision,
    event: Event,
) -> Result<Grant<'p>, Fault> {
    platform.ledger.goes_on(caller.now)?;
    platform.vault.spend(&platform.settings.limits.budgets, counted(decision), caller.now)?;
    let leaf = audit::append(tx, platform, caller, &event)?;
    let (key, row) = match decision.subject() {
        Subject::Registrant(_) => (None, None),
        Subject::Resident(id) => {
            let row = resident::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
            let standing = freshness::check(tx, platform, &row)?;
            (Some(unwrap_key(platform, id, &row)?), Some((row, standing)))
        }
    };
    Ok(Grant { platform, decision: decision.clone(), key, row, leaf })
}

/// The key of a resident, for sealing something new about them. Opening takes a [`grant`].
///
/// # Errors
/// `Key` when the key is destroyed; `RolledBack` when the row is not what the ledger says.
pub fn sealing_key(tx: &mut Tx<'_>, platform: &Platform, id: ResidentId) -> Result<ResidentKey, Fault> {
    let row = resident::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
    freshness::check(tx, platform, &row)?;
    unwrap_key(platform, id, &row)
}

/// As [`sealing_key`], for the row of somebody whose passkey just signed: it was compared with the ledger then.
///
/// # Errors
/// `Key` when the key is destroyed.
pub fn key_of(platform: &Platform, proof: &crate::ceremony::Proof) -> Result<ResidentKey, Fault> {
    unwrap_key(platform, proof.resident, &proof.account)
}

/// Whose open account a card number has, by its blind index. An account that was closed and put back is closed again, and
/// found no more.
///
/// # Errors
/// `RolledBack` when the row is not what the ledger says.
pub fn owner(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    index: &[u8; 32],
) -> Result<Option<ResidentId>, Fault> {
    let Some(id) = resident::by_blind_index(tx, index)? else { return Ok(None) };
    let row = resident::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
    match freshness::check(tx, platform, &row) {
        Ok(_) => Ok(Some(id)),
        Err(_) if erasure::again(tx, platform, caller, &row)? => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What an opening counts for: the one it is about, and the service or officer that asks.
fn counted(decision: &Decision) -> Use<'_> {
    let one = match decision.subject() {
        Subject::Resident(id) => *id.as_bytes(),
        Subject::Registrant(id) => *id.as_bytes(),
    };
    let share = match decision.actor() {
        Actor::Officer(officer) => Some(Cow::Owned(officer.to_string())),
        Actor::Service(service) => Some(Cow::Borrowed(service.as_str())),
        _ => None,
    };
    Use { budget: Budget::Opening(Kind::of(decision.actor()), decision.purpose()), one, share }
}

fn unwrap_key(platform: &Platform, id: ResidentId, row: &resident::Resident) -> Result<ResidentKey, Fault> {
    let wrapped = row.sealed_key.as_deref().ok_or(lionrock_crypto::Error::DoesNotOpen)?;
    Ok(platform.keys.resident_key(id.as_bytes(), wrapped)?)
}

fn opening(decision: &Decision, readers: Option<&Readers>) -> Event {
    let one = |(id, role, unit): &(OfficerId, Role, Unit)| json!({"officer": id.to_string(), "role": role.word(), "unit": unit.as_str()});
    let by = match decision.actor() {
        Actor::Officer(officer) => {
            readers.map_or_else(|| json!({"officer": officer.to_string()}), |it| one(&it.officer))
        }
        Actor::Resident(_) | Actor::Registrant(_) => json!({"self": true}),
        Actor::Service(service) => json!({"service": service.as_str()}),
        Actor::Platform => json!({"platform": true}),
    };
    let fields: Vec<_> = decision.fields().iter().map(|field| field.word()).collect();
    let mut body = json!({
        "by": by,
        "consent": decision.consent().map(|id| id.to_string()),
        "fields": fields,
        "purpose": decision.purpose().word(),
    });
    if let (Some(on), Some(readers), Some(members)) = (decision.ticket(), readers, body.as_object_mut()) {
        // Behind the members of every opening, in alphabetical order: the bytes do not depend on how JSON objects are kept.
        members.insert("second".to_owned(), one(&readers.second));
        members.insert("staff_case".to_owned(), json!(readers.case));
        members.insert("ticket".to_owned(), json!(on.ticket.to_string()));
        members.insert("ticket_policy".to_owned(), json!(on.policy));
    }
    Event::new("personal.opened", decision.resident(), body)
}

impl Grant<'_> {
    /// Opens one sealed value that holds `field`.
    ///
    /// # Errors
    /// `Bug` when the field was not decided on; `Key` when place, version or person is another.
    pub fn open(
        &self,
        field: Field,
        domain: Domain,
        slot: &Slot<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Fault> {
        if !self.decision.permits(field) {
            return Err(Fault::bug(format!("{} was not decided on", field.word())));
        }
        Ok(self.platform.keys.open_sealed(domain, slot, self.key.as_ref(), sealed)?)
    }

    /// Refuses unless a field was decided on: for values that hold several.
    ///
    /// # Errors
    /// `Bug` when it was not.
    pub fn requires(&self, field: Field) -> Result<(), Fault> {
        if self.decision.permits(field) {
            Ok(())
        } else {
            Err(Fault::bug(format!("{} was not decided on", field.word())))
        }
    }

    /// The facts of the card, reduced to the fields decided on.
    ///
    /// # Errors
    /// `StoredData` when the row holds none; `Key` when they do not open.
    pub fn profile(&self) -> Result<Profile, Fault> {
        let (id, row, standing) = self.own_row()?;
        let sealed = row.sealed_profile.as_deref().ok_or_else(|| Fault::stored_data("no profile"))?;
        let slot = profile_slot(&id, standing.profile.unwrap_or(0));
        let plain = self.platform.keys.open_sealed(Domain::Profile, &slot, self.key.as_ref(), sealed)?;
        let mut profile: Profile = serde_json::from_slice(&plain)?;
        profile.keep_only(&self.decision);
        Ok(profile)
    }

    /// The e-mail address, when one is confirmed.
    ///
    /// # Errors
    /// `Bug` when it was not decided on; `Key` when it does not open.
    pub fn email(&self) -> Result<Option<Email>, Fault> {
        let (id, row, standing) = self.own_row()?;
        let Some(sealed) = row.sealed_contact.as_deref() else { return Ok(None) };
        let slot = contact_slot(&id, standing.contact.unwrap_or(0));
        let plain = self.open(Field::Email, Domain::Contact, &slot, sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Fault::stored_data("contact is not text"))?;
        Email::parse(text).map(Some).map_err(|_| Fault::stored_data("contact is not an address"))
    }

    /// Seals the facts of the card anew with one of them set right, for the version the row will have once it is stored. Nobody sees
    /// the others: they go from seal to seal.
    ///
    /// # Errors
    /// `Bug` when the fact was not decided on, or this purpose sets no fact right; as [`Grant::profile`].
    pub fn amend(&self, caller: &Caller, field: Field, set: impl FnOnce(&mut Profile)) -> Result<Vec<u8>, Fault> {
        if self.decision.purpose() != Purpose::Correction || !self.decision.permits(field) {
            return Err(Fault::bug(format!("{} is not to be set right here", field.word())));
        }
        let (id, row, standing) = self.own_row()?;
        let sealed = row.sealed_profile.as_deref().ok_or_else(|| Fault::stored_data("no profile"))?;
        let before = profile_slot(&id, standing.profile.unwrap_or(0));
        let plain = self.platform.keys.open_sealed(Domain::Profile, &before, self.key.as_ref(), sealed)?;
        let mut profile: Profile = serde_json::from_slice(&plain)?;
        set(&mut profile);
        let plain = Zeroizing::new(serde_json::to_vec(&profile)?);
        let next = u64::try_from(row.version.saturating_add(1)).unwrap_or(0);
        let slot = profile_slot(&id, next);
        Ok(self.platform.keys.seal(Domain::Profile, &slot, self.key.as_ref(), &plain, &*caller.entropy)?.into())
    }

    /// Tries every seal of the person with their own key, and lets go of what was inside at once: how many opened and how many did
    /// not. Only for a [`RestoreCheck`](Purpose::RestoreCheck).
    ///
    /// # Errors
    /// Of the store; `Bug` for another purpose.
    pub fn try_seals(&self, tx: &mut Tx<'_>) -> Result<(u64, u64), Fault> {
        let (id, ..) = self.own_row()?;
        if self.decision.purpose() != Purpose::RestoreCheck {
            return Err(Fault::bug("seals are tried after a restore alone"));
        }
        let (mut opened, mut shut) = (0, 0);
        for column in sealed::COLUMNS {
            for record in column.of_person(tx, id.as_bytes())? {
                let (Some(domain), Ok(version)) = (home::domain(column), Sealed::version_of(&record.sealed)) else {
                    shut += 1;
                    continue;
                };
                let slot = home::slot(column, &record, version);
                let tried = self.platform.keys.open_sealed(domain, &slot, self.key.as_ref(), &record.sealed);
                if tried.is_ok() { opened += 1 } else { shut += 1 }
            }
        }
        Ok((opened, shut))
    }

    /// The resident's row, as it was read for this grant.
    ///
    /// # Errors
    /// `Bug` when the grant is about nobody's account.
    pub fn row(&self) -> Result<&resident::Resident, Fault> {
        self.own_row().map(|(_, row, _)| row)
    }

    fn own_row(&self) -> Result<(ResidentId, &resident::Resident, Standing), Fault> {
        let (row, standing) = self.row.as_ref().ok_or_else(|| Fault::bug("the grant is about no account"))?;
        Ok((row.id, row, *standing))
    }
}

/// The blind index of a card number: equal numbers give equal indexes in this realm, and nothing else can be read from them.
/// Whoever can ask often can try numbers out, so it has a budget; `one` is the registration, or the network, that asks.
///
/// # Errors
/// `Key` when the ring is incomplete; `Locked` when the budget has no room.
pub fn blind_index(
    platform: &Platform,
    caller: &Caller,
    budget: Budget,
    one: &[u8],
    hkid: &Hkid,
) -> Result<[u8; 32], Fault> {
    let mut who = [0; 16];
    who.iter_mut().zip(sha256(one)).for_each(|(to, from)| *to = from);
    platform.vault.spend(&platform.settings.limits.budgets, Use { budget, one: who, share: None }, caller.now)?;
    Ok(platform.keys.mac(Mac::BlindIndex, "hkid", hkid.body().as_bytes())?)
}

/// As [`blind_index`], for a card number that an officer typed: counted for that officer, who locks themselves out alone.
///
/// # Errors
/// As [`blind_index`].
pub fn blind_index_for(
    platform: &Platform,
    caller: &Caller,
    officer: OfficerId,
    hkid: &Hkid,
) -> Result<[u8; 32], Fault> {
    let share = Some(Cow::Owned(officer.to_string()));
    let used = Use { budget: Budget::LookupByOfficer, one: *officer.as_bytes(), share };
    platform.vault.spend(&platform.settings.limits.budgets, used, caller.now)?;
    Ok(platform.keys.mac(Mac::BlindIndex, "hkid", hkid.body().as_bytes())?)
}

/// Seals the facts of the card for a new account.
///
/// # Errors
/// `Key` when sealing fails.
pub fn seal_profile(
    platform: &Platform,
    caller: &Caller,
    id: ResidentId,
    key: &ResidentKey,
    facts: &CardFacts,
) -> Result<Vec<u8>, Fault> {
    let plain = Zeroizing::new(serde_json::to_vec(&Profile::from(facts))?);
    let slot = profile_slot(&id, 1);
    Ok(platform.keys.seal(Domain::Profile, &slot, Some(key), &plain, &*caller.entropy)?.into())
}

/// Seals an address for the version the resident's row will have once it is stored.
///
/// # Errors
/// `Key` when sealing fails.
pub fn seal_email(
    platform: &Platform,
    caller: &Caller,
    id: ResidentId,
    next_version: i64,
    key: &ResidentKey,
    email: &Email,
) -> Result<Vec<u8>, Fault> {
    let slot = contact_slot(&id, u64::try_from(next_version).unwrap_or(0));
    let plain = email.reveal().as_bytes();
    Ok(platform.keys.seal(Domain::Contact, &slot, Some(key), plain, &*caller.entropy)?.into())
}

const fn profile_slot(id: &ResidentId, version: u64) -> Slot<'_> {
    let id = id.as_bytes();
    Slot { table: "resident", column: "sealed_profile", row: id, resident: id, schema: 1, version }
}

const fn contact_slot(id: &ResidentId, version: u64) -> Slot<'_> {
    let id = id.as_bytes();
    Slot { table: "resident", column: "sealed_contact", row: id, resident: id, schema: 1, version }
}

/// The facts of a card as sealed and as released: absent members were not decided on, or do not exist.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `U123456(0)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hkid: Option<String>,
    /// `CHAN, Tai Man`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english_name: Option<String>,
    /// Characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chinese_name: Option<String>,
    /// `yyyy-mm-dd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<String>,
    /// `F` or `M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<char>,
    /// `yyyy-mm-dd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_issued: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(…)")
    }
}

impl From<&CardFacts> for Profile {
    fn from(facts: &CardFacts) -> Self {
        Self {
            hkid: Some(facts.hkid.reveal()),
            english_name: Some(facts.english_name.reveal().to_owned()),
            chinese_name: facts.chinese_name.as_ref().map(|name| name.reveal().to_owned()),
            birth: Some(facts.birth.to_string()),
            sex: Some(facts.sex.letter()),
            card_issued: Some(facts.issued.to_string()),
        }
    }
}

impl Profile {
    fn keep_only(&mut self, decision: &Decision) {
        fn keep<T>(value: &mut Option<T>, permitted: bool) {
            if !permitted {
                *value = None;
            }
        }
        keep(&mut self.hkid, decision.permits(Field::Hkid));
        keep(&mut self.english_name, decision.permits(Field::EnglishName));
        keep(&mut self.chinese_name, decision.permits(Field::ChineseName));
        keep(&mut self.birth, decision.permits(Field::Birth));
        keep(&mut self.sex, decision.permits(Field::Sex));
        keep(&mut self.card_issued, decision.permits(Field::CardIssued));
    }

    /// Back to checked facts, when every fact is present.
    ///
    /// # Errors
    /// `StoredData` when one is missing or is no such fact.
    pub fn facts(&self) -> Result<CardFacts, Fault> {
        let wrong = |_| Fault::stored_data("a stored fact cannot be read");
        let missing = || Fault::stored_data("a stored fact is missing");
        let chinese = self.chinese_name.as_deref().map(ChineseName::parse).transpose();
        Ok(CardFacts {
            hkid: Hkid::parse(self.hkid.as_deref().ok_or_else(missing)?).map_err(|_| missing())?,
            english_name: EnglishName::parse(self.english_name.as_deref().ok_or_else(missing)?).map_err(wrong)?,
            chinese_name: chinese.map_err(wrong)?,
            birth: self.birth.as_deref().and_then(|d| d.parse().ok()).ok_or_else(missing)?,
            sex: self.sex.and_then(Sex::from_letter).ok_or_else(missing)?,
            issued: self.card_issued.as_deref().and_then(|d| d.parse().ok()).ok_or_else(missing)?,
        })
    }
}
