//! Table `staff_act`: what staff did, as monitoring counts it and the board shows it. The ledger is the record.

use crate::{Error, Row, Tx, Value};
use lionrock_model::id::{OfficerId, TicketId};
use lionrock_model::monitor::Rule;
use lionrock_model::time::Millis;

const INSERT: &str = "INSERT INTO staff_act (id, at, officer, unit, peer, what, outcome, rule, ticket, case_number, person_code) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const COUNT: &str = "SELECT COUNT(*) FROM staff_act WHERE officer = $1 AND at > $2 AND what = $3";
const COUNT_OUTCOME: &str =
    "SELECT COUNT(*) FROM staff_act WHERE officer = $1 AND at > $2 AND what = $3 AND outcome = $4";
const PAIR: &str = "SELECT COUNT(*) FROM staff_act WHERE at > $3 AND what = 'approve' AND outcome = 'given' AND \
                    ((officer = $1 AND peer = $2) OR (officer = $2 AND peer = $1))";
const PERSONS: &str = "SELECT COUNT(DISTINCT person_code) FROM staff_act WHERE officer = $1 AND at > $2 AND what = 'ask' \
                       AND case_number = $3 AND person_code <> $4";
const LATEST: &str = "SELECT at, officer, unit, what, outcome, rule, ticket FROM staff_act WHERE at > $1 \
                      ORDER BY at DESC, id DESC LIMIT 100";
const TALLY: &str =
    "SELECT what, outcome, COUNT(*) FROM staff_act WHERE at > $1 GROUP BY what, outcome ORDER BY what, outcome";
const HOURLY: &str = "SELECT (at - $1) / 3600000, outcome, COUNT(*) FROM staff_act WHERE at > $1 \
                      GROUP BY (at - $1) / 3600000, outcome ORDER BY 1, 2";

/// Something an officer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Random.
    pub id: [u8; 16],
    /// When.
    pub at: Millis,
    /// Who.
    pub officer: OfficerId,
    /// Their unit.
    pub unit: String,
    /// The other officer of a pair.
    pub peer: Option<OfficerId>,
    /// What: a word of the service.
    pub what: String,
    /// `given` or `refused`, `flagged`, `missed`.
    pub outcome: String,
    /// The rule that spoke.
    pub rule: Option<Rule>,
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// The case.
    pub case: Option<String>,
    /// Keyed code of the person: equal for the same person within a day.
    pub person: Option<[u8; 32]>,
}

/// Writes one down.
///
/// # Errors
/// Of the store.
pub fn note(tx: &mut Tx<'_>, act: &Act) -> Result<(), Error> {
    let values = [
        Value::from(act.id),
        Value::from(act.at),
        Value::from(act.officer.as_bytes()),
        Value::from(act.unit.as_str()),
        Value::from(act.peer.map(|id| *id.as_bytes())),
        Value::from(act.what.as_str()),
        Value::from(act.outcome.as_str()),
        Value::from(act.rule.map(Rule::word)),
        Value::from(act.ticket.map(|id| *id.as_bytes())),
        Value::from(act.case.clone()),
        Value::from(act.person),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// How often an officer did something since.
///
/// # Errors
/// Of the store.
pub fn count(tx: &mut Tx<'_>, officer: OfficerId, since: Millis, what: &str) -> Result<u32, Error> {
    one(tx.first(COUNT, &[officer.as_bytes().into(), since.into(), what.into()])?)
}

/// How often with this outcome.
///
/// # Errors
/// Of the store.
pub fn count_outcome(
    tx: &mut Tx<'_>,
    officer: OfficerId,
    since: Millis,
    what: &str,
    outcome: &str,
) -> Result<u32, Error> {
    one(tx.first(COUNT_OUTCOME, &[officer.as_bytes().into(), since.into(), what.into(), outcome.into()])?)
}

/// How many tickets two officers had together since, whichever of them asked.
///
/// # Errors
/// Of the store.
pub fn pair(tx: &mut Tx<'_>, one_of: OfficerId, other: OfficerId, since: Millis) -> Result<u32, Error> {
    one(tx.first(PAIR, &[one_of.as_bytes().into(), other.as_bytes().into(), since.into()])?)
}

/// For how many other persons an officer gave this case number since.
///
/// # Errors
/// Of the store.
pub fn persons(
    tx: &mut Tx<'_>,
    officer: OfficerId,
    since: Millis,
    case: &str,
    person: &[u8; 32],
) -> Result<u32, Error> {
    one(tx.first(PERSONS, &[officer.as_bytes().into(), since.into(), case.into(), person.into()])?)
}

/// The newest, at most 100.
///
/// # Errors
/// Of the store.
pub fn latest(tx: &mut Tx<'_>, since: Millis) -> Result<Vec<Act>, Error> {
    tx.query(LATEST, &[since.into()])?.iter().map(read).collect()
}

/// How often what came out how, since.
///
/// # Errors
/// Of the store.
pub fn tally(tx: &mut Tx<'_>, since: Millis) -> Result<Vec<(String, String, u32)>, Error> {
    let rows = tx.query(TALLY, &[since.into()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), number(row.int(2)?)))).collect()
}

/// The same by whole hours since: hour (0 is the oldest), outcome, count.
///
/// # Errors
/// Of the store.
pub fn hourly(tx: &mut Tx<'_>, since: Millis) -> Result<Vec<(i64, String, u32)>, Error> {
    let rows = tx.query(HOURLY, &[since.into()])?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?.to_owned(), number(row.int(2)?)))).collect()
}

fn one(row: Option<Row>) -> Result<u32, Error> {
    row.map_or(Ok(0), |row| row.int(0)).map(number)
}

fn number(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn read(row: &Row) -> Result<Act, Error> {
    let wrong = |what: &str| Error::corrupt(format!("staff_act.{what}"));
    let rule = row.opt_text(5)?.map(|word| Rule::from_word(word).ok_or_else(|| wrong("rule"))).transpose()?;
    let ticket = row.opt_bytes(6)?.map(|id| TicketId::from_bytes(id).map_err(|_| wrong("ticket"))).transpose()?;
    Ok(Act {
        id: [0; 16],
        at: Millis(row.int(0)?),
        officer: OfficerId::from_bytes(row.bytes(1)?).map_err(|_| wrong("officer"))?,
        unit: row.text(2)?.to_owned(),
        peer: None,
        what: row.text(3)?.to_owned(),
        outcome: row.text(4)?.to_owned(),
        rule,
        ticket,
        case: None,
        person: None,
    })
}
