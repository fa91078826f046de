//! Table `correction`: facts that residents say are wrong, one row a request. What they say is sealed under their key.

use crate::{Error, Row, Tx, Value};
use lionrock_model::correction::{Outcome, State};
use lionrock_model::id::{CorrectionId, ResidentId};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, resident, version, field, state, outcome, sealed_text, received_at, due_at, decided_at, ended_at \
             FROM correction ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO correction (id, resident, version, field, state, outcome, sealed_text, received_at, due_at, \
                      decided_at, ended_at) VALUES ($1, $2, 1, $3, 'received', NULL, $4, $5, $6, NULL, NULL)";
const OF_RESIDENT: &str = select!("WHERE resident = $1 ORDER BY received_at DESC, id DESC LIMIT 200");
const FIND: &str = select!("WHERE resident = $1 AND id = $2");
const STEP: &str = "UPDATE correction SET state = $4, outcome = $5, decided_at = $6, ended_at = $7, version = version + 1 \
                    WHERE resident = $1 AND id = $2 AND version = $3";
const WAITING: &str = "SELECT COUNT(*) FROM correction WHERE ended_at IS NULL AND due_at <= $1";
const FORGET: &str = "DELETE FROM correction WHERE resident = $1";
const SWEEP: &str = "DELETE FROM correction WHERE ended_at IS NOT NULL AND ended_at < $1";

/// A request's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// Who asks.
    pub resident: ResidentId,
    /// One more with each step; the text is sealed at 1 and never rewritten.
    pub version: i64,
    /// The fact.
    pub field: Field,
    /// Where it stands.
    pub state: State,
    /// How it was decided.
    pub outcome: Option<Outcome>,
    /// What the resident says, sealed.
    pub sealed_text: Vec<u8>,
    /// When it came.
    pub received: Millis,
    /// The first moment at which it is late.
    pub due: Millis,
    /// When it was decided.
    pub decided: Option<Millis>,
    /// When it was closed or withdrawn.
    pub ended: Option<Millis>,
}

/// Adds a request that just came.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Correction) -> Result<(), Error> {
    let values = [
        Value::from(new.id.as_bytes()),
        Value::from(new.resident.as_bytes()),
        Value::from(new.field.word()),
        Value::from(new.sealed_text.as_slice()),
        Value::from(new.received),
        Value::from(new.due),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// A resident's requests, newest first, at most 200.
///
/// # Errors
/// Of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<Vec<Correction>, Error> {
    tx.query(OF_RESIDENT, &[Value::from(resident.as_bytes())])?.iter().map(read).collect()
}

/// One request of this resident.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, resident: ResidentId, id: CorrectionId) -> Result<Option<Correction>, Error> {
    let key = [Value::from(resident.as_bytes()), Value::from(id.as_bytes())];
    tx.first(FIND, &key)?.map(|row| read(&row)).transpose()
}

/// Takes a request on to its next state; false when that does not follow from where it stands, or somebody was faster.
///
/// # Errors
/// Of the store.
pub fn step(
    tx: &mut Tx<'_>,
    from: &Correction,
    next: State,
    outcome: Option<Outcome>,
    now: Millis,
) -> Result<bool, Error> {
    if !from.state.leads_to(next) || (next == State::Decided) != outcome.is_some() {
        return Ok(false);
    }
    let decided = if next == State::Decided { Some(now) } else { from.decided };
    let values = [
        Value::from(from.resident.as_bytes()),
        Value::from(from.id.as_bytes()),
        Value::from(from.version),
        Value::from(next.word()),
        Value::from(outcome.or(from.outcome).map(Outcome::word)),
        Value::from(decided),
        Value::from(next.is_over().then_some(now)),
    ];
    Ok(tx.execute(STEP, &values)? == 1)
}

/// How many requests are not over and were due by `now`.
///
/// # Errors
/// Of the store.
pub fn late(tx: &mut Tx<'_>, now: Millis) -> Result<i64, Error> {
    tx.first(WAITING, &[Value::from(now)])?.map_or(Ok(0), |row| row.int(0))
}

/// Removes every request of a resident whose account is closed.
///
/// # Errors
/// Of the store.
pub fn forget_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(FORGET, &[Value::from(resident.as_bytes())])
}

/// Removes requests that ended before `before`.
///
/// # Errors
/// Of the store.
pub fn sweep(tx: &mut Tx<'_>, before: Millis) -> Result<u64, Error> {
    tx.execute(SWEEP, &[Value::from(before)])
}

fn read(row: &Row) -> Result<Correction, Error> {
    let wrong = |what: &str| Error::corrupt(format!("correction.{what}"));
    let outcome = row.opt_text(5)?.map(|word| Outcome::from_word(word).ok_or_else(|| wrong("outcome"))).transpose()?;
    Ok(Correction {
        id: CorrectionId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        resident: ResidentId::from_bytes(row.bytes(1)?).map_err(|_| wrong("resident"))?,
        version: row.int(2)?,
        field: Field::from_word(row.text(3)?).ok_or_else(|| wrong("field"))?,
        state: State::from_word(row.text(4)?).ok_or_else(|| wrong("state"))?,
        outcome,
        sealed_text: row.bytes(6)?.to_vec(),
        received: Millis(row.int(7)?),
        due: Millis(row.int(8)?),
        decided: row.opt_int(9)?.map(Millis),
        ended: row.opt_int(10)?.map(Millis),
    })
}
