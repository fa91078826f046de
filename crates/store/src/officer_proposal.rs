//! Table `officer_proposal`: officers and rights that somebody asked for, and what became of it.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::OfficerId;
use lionrock_model::staff::{Role, Unit};
use lionrock_model::time::Millis;

const INSERT: &str =
    "INSERT INTO officer_proposal (id, kind, officer, role, unit, rights_until, proposed_by, act, state, created_at,
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10)";
const FIND: &str =
    "SELECT id, kind, officer, role, unit, rights_until, proposed_by, act, state, decided_by, decided_act, created_at,
    expires_at, decided_at FROM officer_proposal WHERE id = $1";
const OPEN: &str =
    "SELECT id, kind, officer, role, unit, rights_until, proposed_by, act, state, decided_by, decided_act, created_at,
    expires_at, decided_at FROM officer_proposal WHERE state = 'open' ORDER BY created_at, id";
const DECIDE: &str = "UPDATE officer_proposal SET state = $2, decided_by = $3, decided_act = $4, decided_at = $5
    WHERE id = $1 AND state = 'open'";
const VOID_BY: &str =
    "UPDATE officer_proposal SET state = 'void', decided_at = $2 WHERE proposed_by = $1 AND state = 'open'";
const VOID_OF: &str =
    "UPDATE officer_proposal SET state = 'void', decided_at = $2 WHERE officer = $1 AND state = 'open'";

const APPROVED_LAST: &str = "SELECT MAX(decided_at) FROM officer_proposal WHERE officer = $1 AND state = 'approved'";

/// A proposal as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Random id.
    pub id: [u8; 16],
    /// `new`, `rights`, `role` or `review`.
    pub kind: String,
    /// About whom.
    pub officer: OfficerId,
    /// The role they would have.
    pub role: Role,
    /// The unit.
    pub unit: Unit,
    /// Until when.
    pub rights_until: Millis,
    /// Who asked; none for a review, which a job opens.
    pub proposed_by: Option<OfficerId>,
    /// Their signed act.
    pub act: Option<[u8; 16]>,
    /// `open`, `approved`, `refused`, `void` or `expired`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<OfficerId>,
    /// Their signed act.
    pub decided_act: Option<[u8; 16]>,
    /// Asked.
    pub created: Millis,
    /// Over, when nobody decides.
    pub expires: Millis,
    /// Decided.
    pub decided: Option<Millis>,
}

/// Adds a proposal, open.
///
/// # Errors
/// Of the store.
pub fn add(tx: &mut Tx<'_>, new: &Proposal) -> Result<(), Error> {
    let values = [
        new.id.into(),
        new.kind.as_str().into(),
        new.officer.as_bytes().into(),
        new.role.word().into(),
        new.unit.as_str().into(),
        new.rights_until.into(),
        officer(new.proposed_by),
        new.act.map(|act| act.to_vec()).into(),
        new.created.into(),
        new.expires.into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A proposal by its id.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: &[u8; 16]) -> Result<Option<Proposal>, Error> {
    tx.first(FIND, &[id.into()])?.map(|row| read(&row)).transpose()
}

/// What waits for somebody's decision, oldest first.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<Proposal>, Error> {
    tx.query(OPEN, &[])?.iter().map(read).collect()
}

/// When somebody last approved or confirmed an officer.
///
/// # Errors
/// Of the store.
pub fn approved_last(tx: &mut Tx<'_>, officer: OfficerId) -> Result<Option<Millis>, Error> {
    let row = tx.first(APPROVED_LAST, &[officer.as_bytes().into()])?;
    Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten().map(Millis))
}

/// Closes an open proposal. False when it was closed already.
///
/// # Errors
/// Of the store.
pub fn decide(
    tx: &mut Tx<'_>,
    id: &[u8; 16],
    state: &'static str,
    by: Option<OfficerId>,
    act: Option<[u8; 16]>,
    now: Millis,
) -> Result<bool, Error> {
    let values = [id.into(), state.into(), officer(by), act.map(|act| act.to_vec()).into(), now.into()];
    Ok(tx.execute(DECIDE, &values)? == 1)
}

/// Voids what an officer who ended had asked for, and what was asked about them; how many.
///
/// # Errors
/// Of the store.
pub fn void(tx: &mut Tx<'_>, who: OfficerId, now: Millis) -> Result<u64, Error> {
    let by = tx.execute(VOID_BY, &[who.as_bytes().into(), now.into()])?;
    Ok(by + tx.execute(VOID_OF, &[who.as_bytes().into(), now.into()])?)
}

fn officer(id: Option<OfficerId>) -> Value {
    id.map(|id| id.as_bytes().to_vec()).into()
}

fn read(row: &Row) -> Result<Proposal, Error> {
    let wrong = |what: &str| Error::corrupt(format!("officer_proposal.{what}"));
    let other = |column: usize| {
        row.opt_bytes(column)?.map(OfficerId::from_bytes).transpose().map_err(|_| wrong("proposed_by or decided_by"))
    };
    Ok(Proposal {
        id: row.array(0)?,
        kind: row.text(1)?.to_owned(),
        officer: OfficerId::from_bytes(row.bytes(2)?).map_err(|_| wrong("officer"))?,
        role: Role::from_word(row.text(3)?).ok_or_else(|| wrong("role"))?,
        unit: Unit::parse(row.text(4)?).map_err(|_| wrong("unit"))?,
        rights_until: Millis(row.int(5)?),
        proposed_by: other(6)?,
        act: row.opt_array(7)?,
        state: row.text(8)?.to_owned(),
        decided_by: other(9)?,
        decided_act: row.opt_array(10)?,
        created: Millis(row.int(11)?),
        expires: Millis(row.int(12)?),
        decided: row.opt_int(13)?.map(Millis),
    })
}
