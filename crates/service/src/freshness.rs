//! Freshness: a row that was put back from an older copy is refused, by what the ledger says of it.
//!
//! Some entries of the ledger are *marks*: their event id is not drawn but computed, as a keyed code over what they
//! stand for ("the record of this resident at version 4"). So whether the ledger knows of version 5 is one look-up of
//! an id; nobody without the key can make, guess or move a mark, and an id is part of the published log, so a mark
//! that is edited or taken away contradicts the log everybody can see. Whoever opens, seals or signs compares the row
//! with the mark of its version, which must be there and whose sealed body must say what the row says, and with
//! the mark of the next version, which must not.
//!
//! Marks begin with two bytes `ff`: they lie side by side in the index, where ordinary entries hardly ever go, so that
//! looking at them under serializable isolation conflicts with nothing but another change of a record.

use crate::audit::{self, Event};
use crate::vault::Alarm;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::{Sha256, sha256};
use lionrock_crypto::ring::{Mac, Sealed};
use lionrock_model::credential::Credential;
use lionrock_model::id::{CaseId, OfficerId, ResidentId};
use lionrock_store::resident::Resident;
use lionrock_store::{Tx, credential, leaf, resident};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The type of the entry that ends a record.
pub const CLOSED: &str = "account.closed";
/// Where marks lie among event ids.
const PREFIX: [u8; 2] = [0xff, 0xff];

/// What an entry with a computed id stands for.
#[derive(Clone, Copy, Debug)]
pub enum Mark<'a> {
    /// What is sealed about a resident, at a version.
    Record(ResidentId, i64),
    /// A passkey was kept, with this public key, for this resident.
    Kept(&'a Credential),
    /// That passkey signs no more.
    Removed(&'a Credential),
    /// A resident's recovery codes were made, for the how-manieth time.
    Codes(ResidentId, u32),
    /// The recovery code with this digest was used.
    CodeUsed(&'a [u8; 32]),
    /// An officer and their keys, at a version.
    Officer(OfficerId, i64),
    /// A ticket or a breaking of the glass, by its id, came to this step: once.
    StaffStep(&'a [u8; 16], &'a str),
    /// A certificate, by its serial number, stands as its entry says, at a version.
    Certificate(&'a [u8], i64),
    /// The level of a resident, at a version.
    Level(ResidentId, u32),
    /// A resident's account was suspended, for the how-manieth time.
    Suspended(ResidentId, u32),
    /// That suspension ended.
    Reinstated(ResidentId, u32),
    /// What was shown of an errand was signed for: once.
    Shown(CaseId),
    /// A guardian took back the consent of this entry.
    Withdrawn(&'a [u8; 16]),
    /// The rows of a table that an earlier version kept without an imprint got theirs: once.
    Bound(&'a str),
}

impl Mark<'_> {
    /// The event id.
    ///
    /// # Errors
    /// `Key` when the ring is incomplete.
    pub fn event(&self, platform: &Platform) -> Result<[u8; 16], Fault> {
        let message = match self {
            Self::Record(who, version) => [b"record\0".as_slice(), who.as_bytes(), &version.to_be_bytes()].concat(),
            Self::Kept(passkey) => [b"kept\0".as_slice(), &passkey_digest(passkey)].concat(),
            Self::Removed(passkey) => [b"removed\0".as_slice(), &sha256(&passkey.external_id)].concat(),
            Self::Codes(who, turn) => [b"codes\0".as_slice(), who.as_bytes(), &turn.to_be_bytes()].concat(),
            Self::StaffStep(id, step) => [b"staff step\0".as_slice(), id.as_slice(), step.as_bytes()].concat(),
            Self::CodeUsed(digest) => [b"code used\0".as_slice(), digest.as_slice()].concat(),
            Self::Officer(who, version) => [b"officer\0".as_slice(), who.as_bytes(), &version.to_be_bytes()].concat(),
            Self::Certificate(serial, version) => {
                let length = u64::try_from(serial.len()).unwrap_or(u64::MAX).to_be_bytes();
                [b"certificate\0".as_slice(), &length, serial, &version.to_be_bytes()].concat()
            }
            Self::Level(who, version) => [b"level\0".as_slice(), who.as_bytes(), &version.to_be_bytes()].concat(),
            Self::Suspended(who, turn) => [b"suspended\0".as_slice(), who.as_bytes(), &turn.to_be_bytes()].concat(),
            Self::Reinstated(who, turn) => [b"reinstated\0".as_slice(), who.as_bytes(), &turn.to_be_bytes()].concat(),
            Self::Shown(case) => [b"shown\0".as_slice(), case.as_bytes()].concat(),
            Self::Bound(table) => [b"bound\0".as_slice(), table.as_bytes()].concat(),
            Self::Withdrawn(consent) => [b"withdrawn\0".as_slice(), consent.as_slice()].concat(),
        };
        let code = platform.keys.mac(Mac::Commitment, "ledger mark v1", &message)?;
        let mut event = [0; 16];
        event.iter_mut().zip(PREFIX.into_iter().chain(code)).for_each(|(to, from)| *to = from);
        Ok(event)
    }
}

fn passkey_digest(passkey: &Credential) -> [u8; 32] {
    let mut digest = Sha256::default();
    digest.update(passkey.id.as_bytes());
    digest.update(passkey.resident.as_bytes());
    digest.update(&sha256(&passkey.public_key));
    digest.update(&passkey.external_id);
    digest.finish()
}

/// The versions at which what a resident's row holds was sealed, as the ledger confirmed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of the contact, when there is one.
    pub contact: Option<u64>,
    /// Of the profile, when there is one.
    pub profile: Option<u64>,
}

/// What a passkey's answer is worth, by the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// The passkey was kept, not removed, and its account is as the ledger says.
    Fresh,
    /// The passkey was removed, or never kept; or the account was closed.
    Over,
}

/// Writes down that a resident's row changed: the entry's id is the mark of the version the row has now. Call it in the
/// transaction of the change, after it, with the event that tells of it.
///
/// # Errors
/// Of the store; `RolledBack` when the ledger knows of that version already.
pub fn record(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, event: &Event) -> Result<[u8; 16], Fault> {
    let who = event.resident.ok_or_else(|| Fault::bug("a record is somebody's"))?;
    let row = resident::find(tx, who)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
    let mut body: BTreeMap<String, Value> = match &event.body {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        _ => return Err(Fault::bug("an event's body is an object")),
    };
    body.insert("record".to_owned(), said_of(&row)?);
    let event = Event { body: body.into_iter().collect(), ..event.clone() };
    append(tx, platform, caller, Mark::Record(who, row.version), &event)
}

/// Adds an entry under a mark's id.
///
/// # Errors
/// Of the store; `RolledBack` when the ledger has that mark: what it stands for happened before.
pub fn append(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    mark: Mark<'_>,
    event: &Event,
) -> Result<[u8; 16], Fault> {
    let id = mark.event(platform)?;
    if exists(tx, id)? {
        return Err(refused(platform, event.resident, "written-twice"));
    }
    audit::append_as(tx, platform, caller, id, event)?;
    Ok(id)
}

/// Compares a resident's row with the ledger.
///
/// # Errors
/// `RolledBack` when the row is behind it, ahead of it, or is not what was committed to it; an alarm is raised. `Store` when the row
/// changed since it was read: ask again.
pub fn check(tx: &mut Tx<'_>, platform: &Platform, row: &Resident) -> Result<Standing, Fault> {
    let [here, next] = versions(platform, row)?;
    let found = leaf::marks(tx, [here, next, here, next])?;
    not_overtaken(tx, row, &found, next)?;
    judge(platform, row, &found, [here, next])
}

/// A transaction that sees what others commit meanwhile (READ COMMITTED) may read a row and then the mark of its next version:
/// that is a change, not a rollback. A row that was put back is the same when it is read again.
fn not_overtaken(tx: &mut Tx<'_>, row: &Resident, found: &[leaf::Mark], next: [u8; 16]) -> Result<(), Fault> {
    let overtaken = found.iter().any(|mark| mark.event == next)
        && resident::find(tx, row.id)?.is_some_and(|again| again.version != row.version);
    if overtaken { Err(lionrock_store::Error::Busy.into()) } else { Ok(()) }
}

/// Compares a passkey and its resident's row with the ledger: one statement for both.
///
/// # Errors
/// As [`check`]. A passkey that was removed, and one of an account that was closed, is [`Signing::Over`], with an alarm.
pub fn signing(tx: &mut Tx<'_>, platform: &Platform, row: &Resident, passkey: &Credential) -> Result<Signing, Fault> {
    let [here, next] = versions(platform, row)?;
    let (kept, removed) = (Mark::Kept(passkey).event(platform)?, Mark::Removed(passkey).event(platform)?);
    let found = leaf::marks(tx, [here, next, kept, removed])?;
    let has = |event: [u8; 16]| found.iter().any(|mark| mark.event == event);
    if !has(kept) || has(removed) {
        // One that is being removed just now is no alarm.
        let stands = credential::by_external_id(tx, &passkey.external_id)?.is_some_and(|again| again.is_standing());
        if stands {
            let what = if has(removed) { "passkey-removed" } else { "passkey-unknown" };
            platform.vault.raise(Alarm { resident: Some(row.id), what });
        }
        return Ok(Signing::Over);
    }
    not_overtaken(tx, row, &found, next)?;
    match judge(platform, row, &found, [here, next]) {
        Ok(_) => Ok(Signing::Fresh),
        Err(_) if newest(tx, platform, row)?.as_deref() == Some(CLOSED) => Ok(Signing::Over),
        Err(fault) => Err(fault),
    }
}

/// The type of the newest entry of a resident's record from the row's version on: looked for only when the row is not fresh.
///
/// # Errors
/// Of the store.
pub fn newest(tx: &mut Tx<'_>, platform: &Platform, row: &Resident) -> Result<Option<String>, Fault> {
    Ok(ahead(tx, platform, row)?.map(|(_, kind)| kind))
}

/// The newest version the ledger knows from the row's on, with the type of its entry.
///
/// # Errors
/// Of the store.
pub fn ahead(tx: &mut Tx<'_>, platform: &Platform, row: &Resident) -> Result<Option<(i64, String)>, Fault> {
    let mut newest = None;
    let mut version = row.version;
    loop {
        let event = Mark::Record(row.id, version).event(platform)?;
        let Some(mark) = leaf::marks(tx, [event; 4])?.pop() else { return Ok(newest) };
        newest = Some((version, mark.kind));
        version += 1;
    }
}

/// Whether the ledger has a mark.
///
/// # Errors
/// Of the store.
pub fn known(tx: &mut Tx<'_>, platform: &Platform, mark: Mark<'_>) -> Result<bool, Fault> {
    exists(tx, mark.event(platform)?)
}

/// The fault of something that was put back, with its alarm.
pub fn refused(platform: &Platform, resident: Option<ResidentId>, what: &'static str) -> Fault {
    platform.vault.raise(Alarm { resident, what });
    Fault::rolled_back(what)
}

/// Whether the ledger has a mark.
///
/// # Errors
/// Of the store.
pub(crate) fn has(tx: &mut Tx<'_>, platform: &Platform, mark: Mark<'_>) -> Result<bool, Fault> {
    exists(tx, mark.event(platform)?)
}

fn exists(tx: &mut Tx<'_>, event: [u8; 16]) -> Result<bool, Fault> {
    Ok(!leaf::marks(tx, [event; 4])?.is_empty())
}

fn versions(platform: &Platform, row: &Resident) -> Result<[[u8; 16]; 2], Fault> {
    let next = row.version.checked_add(1).ok_or_else(|| Fault::stored_data("resident.version"))?;
    Ok([Mark::Record(row.id, row.version).event(platform)?, Mark::Record(row.id, next).event(platform)?])
}

fn judge(
    platform: &Platform,
    row: &Resident,
    found: &[leaf::Mark],
    [here, next]: [[u8; 16]; 2],
) -> Result<Standing, Fault> {
    let mark = |event: [u8; 16]| found.iter().find(|mark| mark.event == event);
    if mark(next).is_some() {
        return Err(refused(platform, Some(row.id), "record-behind"));
    }
    let Some(mark) = mark(here) else { return Err(refused(platform, Some(row.id), "record-unknown")) };
    let sealed = mark.sealed_body.as_deref().ok_or_else(|| Fault::stored_data("the entry of a record has no body"))?;
    let (_, canonical) = audit::open_body(platform, &here, sealed)?;
    let said: Value = serde_json::from_slice(&canonical)?;
    let about = said.get("resident").and_then(Value::as_str) == Some(row.id.to_string().as_str());
    if !about || said.pointer("/body/record") != Some(&said_of(row)?) {
        return Err(refused(platform, Some(row.id), "record-differs"));
    }
    let version = |sealed: Option<&Vec<u8>>| sealed.map(|sealed| Sealed::version_of(sealed)).transpose();
    Ok(Standing { contact: version(row.sealed_contact.as_ref())?, profile: version(row.sealed_profile.as_ref())? })
}

/// What the ledger keeps of a row: versions of what is sealed, and a digest of what is not.
fn said_of(row: &Resident) -> Result<Value, Fault> {
    let version = |sealed: Option<&Vec<u8>>| sealed.map(|sealed| Sealed::version_of(sealed)).transpose();
    let mut digest = Sha256::default();
    for part in [row.blind_index.as_deref(), row.user_handle.as_deref(), Some(&row.notice_hash)] {
        let part = part.unwrap_or_default();
        digest.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.update(if row.active { b"active" } else { b"closed" });
    digest.update(row.notice_language.as_bytes());
    Ok(json!({
        "contact": version(row.sealed_contact.as_ref())?,
        "profile": version(row.sealed_profile.as_ref())?,
        "row": lionrock_wire::jose::encode(&digest.finish()),
        "version": row.version,
    }))
}
