//! Table `officer`: who works here, and who did.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{Officer, OfficerState, Role, Unit};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO officer (id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, invite_first, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 1)";
const FIND: &str = "SELECT id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, used_at, ended_at, version, invite_first FROM officer WHERE id = $1";
const BY_INVITE: &str =
    "SELECT id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, used_at, ended_at, version, invite_first FROM officer WHERE invite = $1";
const BY_HANDLE: &str = "SELECT id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, used_at, ended_at, version, invite_first FROM officer WHERE user_handle = $1";
const BY_PERSON: &str = "SELECT id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, used_at, ended_at, version, invite_first FROM officer WHERE person = $1 AND ended_at IS NULL";
const ALL: &str = "SELECT id, person, sealed_name, role, unit, state, rights_until, proposed_by, approved_by, invite,
    invite_until, user_handle, created_at, used_at, ended_at, version, invite_first FROM officer ORDER BY id";
const CHANGE: &str =
    "UPDATE officer SET role = $3, unit = $4, state = $5, rights_until = $6, approved_by = $7, invite = $8,
    invite_until = $9, ended_at = $10, invite_first = $11, version = version + 1 WHERE id = $1 AND version = $2";
const RESTORED: &str = "UPDATE officer SET version = $2, rights_until = $3 WHERE id = $1";
const ENDED_AGAIN: &str =
    "UPDATE officer SET state = 'ended', ended_at = $2, invite = NULL, invite_first = NULL, invite_until = NULL
    WHERE id = $1 AND ended_at IS NULL";
const USED: &str = "UPDATE officer SET used_at = $2 WHERE id = $1";

/// An officer as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What rules see.
    pub officer: Officer,
    /// Keyed code of the staff number.
    pub person: [u8; 32],
    /// Name, sealed.
    pub sealed_name: Vec<u8>,
    /// Who proposed them; none for the first ones.
    pub proposed_by: Option<OfficerId>,
    /// Who approved them.
    pub approved_by: Option<OfficerId>,
    /// Keyed code of the first half of what lets them make their key: the proposer hands it over.
    pub invite_first: Option<[u8; 32]>,
    /// Keyed code of the second half: the approver hands it over.
    pub invite: Option<[u8; 32]>,
    /// Until when it holds.
    pub invite_until: Option<Millis>,
    /// Random, for their authenticator.
    pub user_handle: Vec<u8>,
    /// Proposed.
    pub created: Millis,
    /// Last used a right.
    pub used: Option<Millis>,
    /// Ended.
    pub ended: Option<Millis>,
    /// Of the row.
    pub version: i64,
}

/// Adds an officer.
///
/// # Errors
/// Of the store; [`Error::Conflict`] when the person is an officer already.
pub fn insert(tx: &mut Tx<'_>, new: &Kept) -> Result<(), Error> {
    let values = [
        new.officer.id.as_bytes().into(),
        new.person.into(),
        (&new.sealed_name).into(),
        new.officer.role.word().into(),
        new.officer.unit.as_str().into(),
        new.officer.state.word().into(),
        new.officer.rights_until.into(),
        id(new.proposed_by),
        id(new.approved_by),
        new.invite.map(|code| code.to_vec()).into(),
        new.invite_until.map(|at| at.0).into(),
        (&new.user_handle).into(),
        new.created.into(),
        new.invite_first.map(|code| code.to_vec()).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// An officer, of any state. What the row says counts only when the ledger says the same: `service::staff::house` compares.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: OfficerId) -> Result<Option<Kept>, Error> {
    tx.first(FIND, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// Whose second half of a one-time code that is.
///
/// # Errors
/// Of the store.
pub fn by_invite(tx: &mut Tx<'_>, invite: &[u8; 32]) -> Result<Option<Kept>, Error> {
    tx.first(BY_INVITE, &[invite.into()])?.map(|row| read(&row)).transpose()
}

/// Whose authenticator knows them by that handle.
///
/// # Errors
/// Of the store.
pub fn by_handle(tx: &mut Tx<'_>, handle: &[u8]) -> Result<Option<Kept>, Error> {
    tx.first(BY_HANDLE, &[handle.into()])?.map(|row| read(&row)).transpose()
}

/// The officer that a person is, unless ended.
///
/// # Errors
/// Of the store.
pub fn by_person(tx: &mut Tx<'_>, person: &[u8; 32]) -> Result<Option<Kept>, Error> {
    tx.first(BY_PERSON, &[person.into()])?.map(|row| read(&row)).transpose()
}

/// Everybody, those who ended too, oldest first.
///
/// # Errors
/// Of the store.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Kept>, Error> {
    tx.query(ALL, &[])?.iter().map(read).collect()
}

/// Writes what can change of an officer: role, unit, state, rights, approver, invite, end. False when the row changed since it was read.
///
/// # Errors
/// Of the store.
pub fn change(tx: &mut Tx<'_>, kept: &Kept) -> Result<bool, Error> {
    let values = [
        kept.officer.id.as_bytes().into(),
        kept.version.into(),
        kept.officer.role.word().into(),
        kept.officer.unit.as_str().into(),
        kept.officer.state.word().into(),
        kept.officer.rights_until.into(),
        id(kept.approved_by),
        kept.invite.map(|code| code.to_vec()).into(),
        kept.invite_until.map(|at| at.0).into(),
        kept.ended.map(|at| at.0).into(),
        kept.invite_first.map(|code| code.to_vec()).into(),
    ];
    Ok(tx.execute(CHANGE, &values)? == 1)
}

/// Notes that an officer used a right.
///
/// # Errors
/// Of the store.
pub fn used(tx: &mut Tx<'_>, id: OfficerId, now: Millis) -> Result<(), Error> {
    tx.execute(USED, &[id.as_bytes().into(), now.into()]).map(drop)
}

/// After a restore: the row takes the version the ledger knows, and its rights are over at `until`.
///
/// # Errors
/// Of the store.
pub fn restored(tx: &mut Tx<'_>, id: OfficerId, version: i64, until: Millis) -> Result<(), Error> {
    tx.execute(RESTORED, &[id.as_bytes().into(), version.into(), until.into()]).map(drop)
}

/// After a restore: somebody who ended since the backup is ended again. False when the backup has them ended, or not at all.
///
/// # Errors
/// Of the store.
pub fn ended_again(tx: &mut Tx<'_>, id: OfficerId, at: Millis) -> Result<bool, Error> {
    Ok(tx.execute(ENDED_AGAIN, &[id.as_bytes().into(), at.into()])? == 1)
}

fn id(id: Option<OfficerId>) -> Value {
    id.map(|id| id.as_bytes().to_vec()).into()
}

fn read(row: &Row) -> Result<Kept, Error> {
    let wrong = |what: &str| Error::corrupt(format!("officer.{what}"));
    let other = |column: usize, what: &str| {
        row.opt_bytes(column)?.map(OfficerId::from_bytes).transpose().map_err(|_| wrong(what))
    };
    let officer = Officer {
        id: OfficerId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        role: Role::from_word(row.text(3)?).ok_or_else(|| wrong("role"))?,
        unit: Unit::parse(row.text(4)?).map_err(|_| wrong("unit"))?,
        rights_until: Millis(row.int(6)?),
        state: OfficerState::from_word(row.text(5)?).ok_or_else(|| wrong("state"))?,
    };
    Ok(Kept {
        officer,
        person: row.array(1)?,
        sealed_name: row.bytes(2)?.to_vec(),
        proposed_by: other(7, "proposed_by")?,
        approved_by: other(8, "approved_by")?,
        invite_first: row.opt_array(16)?,
        invite: row.opt_array(9)?,
        invite_until: row.opt_int(10)?.map(Millis),
        user_handle: row.bytes(11)?.to_vec(),
        created: Millis(row.int(12)?),
        used: row.opt_int(13)?.map(Millis),
        ended: row.opt_int(14)?.map(Millis),
        version: row.int(15)?,
    })
}
