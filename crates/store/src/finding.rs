//! Table `finding`: what monitoring noticed, who looks into it and until when.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{FindingId, OfficerId, TicketId};
use lionrock_model::monitor::Rule;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, rule, officer, unit, ticket, owner, times, opened_at, told_at, due_at, closed_at, closed_by, \
             sealed_note FROM finding ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO finding (id, version, rule, officer, unit, ticket, owner, times, opened_at, told_at, due_at, \
                      closed_at, closed_by, sealed_note) VALUES ($1, 1, $2, $3, $4, $5, $6, 1, $7, $7, $8, NULL, NULL, NULL)";
const AGAIN: &str = "UPDATE finding SET times = times + 1, version = version + 1 WHERE id = $1 AND closed_at IS NULL";
const OPEN_OF: &str = select!("WHERE officer = $1 AND rule = $2 AND closed_at IS NULL ORDER BY opened_at DESC LIMIT 1");
const FIND: &str = select!("WHERE id = $1");
const OPEN: &str = select!("WHERE closed_at IS NULL ORDER BY due_at, id LIMIT 100");
const CLOSE: &str = "UPDATE finding SET closed_at = $3, closed_by = $4, sealed_note = $5, version = version + 1 \
                     WHERE id = $1 AND version = $2 AND closed_at IS NULL";

/// A finding's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// One more with each change.
    pub version: i64,
    /// The rule that spoke.
    pub rule: Rule,
    /// Whom it is about.
    pub officer: OfficerId,
    /// Their unit then.
    pub unit: String,
    /// The ticket, when it is about one.
    pub ticket: Option<TicketId>,
    /// Who looks into it; none while nobody of another unit is there.
    pub owner: Option<OfficerId>,
    /// How often it happened until it was closed.
    pub times: i64,
    /// When it happened first.
    pub opened: Millis,
    /// When letters about it were posted.
    pub told: Option<Millis>,
    /// When it is late.
    pub due: Millis,
    /// When it was closed.
    pub closed: Option<Millis>,
    /// By whom.
    pub closed_by: Option<OfficerId>,
    /// What they found, sealed.
    pub sealed_note: Option<Vec<u8>>,
}

/// Adds a finding.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Finding) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.rule.word()),
        Value::from(new.officer.as_bytes()),
        Value::from(new.unit.as_str()),
        Value::from(new.ticket.map(|id| *id.as_bytes())),
        Value::from(new.owner.map(|id| *id.as_bytes())),
        Value::from(new.opened),
        Value::from(new.due),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// Counts one more of an open finding.
///
/// # Errors
/// Of the store.
pub fn again(tx: &mut Tx<'_>, id: FindingId) -> Result<bool, Error> {
    Ok(tx.execute(AGAIN, &[id.as_bytes().into()])? == 1)
}

/// The open finding of a rule about an officer.
///
/// # Errors
/// Of the store.
pub fn open_of(tx: &mut Tx<'_>, officer: OfficerId, rule: Rule) -> Result<Option<Finding>, Error> {
    tx.first(OPEN_OF, &[officer.as_bytes().into(), rule.word().into()])?.map(|row| read(&row)).transpose()
}

/// One finding.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: FindingId) -> Result<Option<Finding>, Error> {
    tx.first(FIND, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// All that are open, the most urgent first, at most 100.
///
/// # Errors
/// Of the store.
pub fn open(tx: &mut Tx<'_>) -> Result<Vec<Finding>, Error> {
    tx.query(OPEN, &[])?.iter().map(read).collect()
}

/// Closes a finding. False when it changed since it was read.
///
/// # Errors
/// Of the store.
pub fn close(tx: &mut Tx<'_>, row: &Finding, by: OfficerId, note: Vec<u8>, now: Millis) -> Result<bool, Error> {
    let values = [row.id.as_bytes().into(), row.version.into(), now.into(), by.as_bytes().into(), Value::from(note)];
    Ok(tx.execute(CLOSE, &values)? == 1)
}

fn read(row: &Row) -> Result<Finding, Error> {
    let wrong = |what: &str| Error::corrupt(format!("finding.{what}"));
    let officer = |at: usize| -> Result<Option<OfficerId>, Error> {
        row.opt_bytes(at)?.map(|id| OfficerId::from_bytes(id).map_err(|_| wrong("officer"))).transpose()
    };
    Ok(Finding {
        id: FindingId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        rule: Rule::from_word(row.text(2)?).ok_or_else(|| wrong("rule"))?,
        officer: officer(3)?.ok_or_else(|| wrong("officer"))?,
        unit: row.text(4)?.to_owned(),
        ticket: row.opt_bytes(5)?.map(|id| TicketId::from_bytes(id).map_err(|_| wrong("ticket"))).transpose()?,
        owner: officer(6)?,
        times: row.int(7)?,
        opened: Millis(row.int(8)?),
        told: row.opt_int(9)?.map(Millis),
        due: Millis(row.int(10)?),
        closed: row.opt_int(11)?.map(Millis),
        closed_by: officer(12)?,
        sealed_note: row.opt_bytes(13)?.map(<[u8]>::to_vec),
    })
}
