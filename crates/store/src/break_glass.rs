//! Table `break_glass`: when two officers broke the glass, and whether somebody looked into it afterwards.

use crate::{Error, Row, Tx, Value};
use lionrock_model::break_glass::{Reason, State, Terms};
use lionrock_model::id::{BreakGlassId, OfficerId};
use lionrock_model::staff::Unit;
use lionrock_model::ticket::CaseNumber;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, state, first, first_unit, second, second_unit, reason, incident, asked_at, opened_at, \
             review_due_at, reviewed_at, reviewed_by, suspended_at, first_proof, second_proof, sealed_review, code \
             FROM break_glass ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO break_glass (id, version, state, first, first_unit, second, second_unit, reason, incident, \
                      asked_at, opened_at, review_due_at, reviewed_at, reviewed_by, suspended_at, first_proof, second_proof, \
                      sealed_review, code) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
                      $18, $19)";
const UPDATE: &str = "UPDATE break_glass SET version = $2 + 1, state = $3, second = $6, second_unit = $7, opened_at = $11, \
                      review_due_at = $12, reviewed_at = $13, reviewed_by = $14, suspended_at = $15, first_proof = $16, \
                      second_proof = $17, sealed_review = $18, code = $19 WHERE id = $1 AND version = $2 AND first = $4 \
                      AND first_unit = $5 AND reason = $8 AND incident = $9 AND asked_at = $10";
const FIND: &str = select!("WHERE id = $1");
const LATEST: &str = select!("WHERE state <> 'drafted' ORDER BY asked_at DESC, id DESC LIMIT 50");
const IN_STATE: &str = select!("WHERE state = $1 ORDER BY asked_at, id LIMIT 200");

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// What both signed.
    pub terms: Terms,
    /// One more with each step.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// Who joined, with their unit.
    pub second: Option<(OfficerId, Unit)>,
    /// When it was opened.
    pub opened: Option<Millis>,
    /// When its review is late.
    pub review_due: Option<Millis>,
    /// When it was reviewed.
    pub reviewed: Option<Millis>,
    /// By whom.
    pub reviewed_by: Option<OfficerId>,
    /// When both were suspended because nobody reviewed it.
    pub suspended: Option<Millis>,
    /// The first signature, as bytes of the service.
    pub first_proof: Option<Vec<u8>>,
    /// The second.
    pub second_proof: Option<Vec<u8>>,
    /// What the review said, sealed.
    pub sealed_review: Option<Vec<u8>>,
    /// Keyed code over the row.
    pub code: [u8; 32],
}

/// Adds one.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &BreakGlass) -> Result<(), Error> {
    tx.execute(INSERT, &values(new)).map(drop)
}

/// Writes the next state; `version` is the one it was read at. False when somebody was faster.
///
/// # Errors
/// Of the store.
pub fn update(tx: &mut Tx<'_>, row: &BreakGlass) -> Result<bool, Error> {
    Ok(tx.execute(UPDATE, &values(row))? == 1)
}

/// One of them.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: BreakGlassId, realm: &str) -> Result<Option<BreakGlass>, Error> {
    tx.first(FIND, &[id.as_bytes().into()])?.map(|row| read(&row, realm)).transpose()
}

/// The newest, at most 50.
///
/// # Errors
/// Of the store.
pub fn latest(tx: &mut Tx<'_>, realm: &str) -> Result<Vec<BreakGlass>, Error> {
    tx.query(LATEST, &[])?.iter().map(|row| read(row, realm)).collect()
}

/// All in one state, oldest first, at most 200.
///
/// # Errors
/// Of the store.
pub fn in_state(tx: &mut Tx<'_>, state: State, realm: &str) -> Result<Vec<BreakGlass>, Error> {
    tx.query(IN_STATE, &[state.word().into()])?.iter().map(|row| read(row, realm)).collect()
}

fn values(row: &BreakGlass) -> Vec<Value> {
    let terms = &row.terms;
    vec![
        Value::from(terms.id.as_bytes()),
        Value::from(row.version),
        Value::from(row.state.word()),
        Value::from(terms.first.as_bytes()),
        Value::from(terms.unit.as_str()),
        Value::from(row.second.as_ref().map(|(id, _)| *id.as_bytes())),
        Value::from(row.second.as_ref().map(|(_, unit)| unit.as_str())),
        Value::from(terms.reason.word()),
        Value::from(terms.incident.as_str()),
        Value::from(terms.asked),
        Value::from(row.opened),
        Value::from(row.review_due),
        Value::from(row.reviewed),
        Value::from(row.reviewed_by.map(|id| *id.as_bytes())),
        Value::from(row.suspended),
        Value::from(row.first_proof.clone()),
        Value::from(row.second_proof.clone()),
        Value::from(row.sealed_review.clone()),
        Value::from(row.code),
    ]
}

fn read(row: &Row, realm: &str) -> Result<BreakGlass, Error> {
    let wrong = |what: &str| Error::corrupt(format!("break_glass.{what}"));
    let officer = |at: usize| -> Result<Option<OfficerId>, Error> {
        row.opt_bytes(at)?.map(|id| OfficerId::from_bytes(id).map_err(|_| wrong("officer"))).transpose()
    };
    let unit = |word: &str| Unit::parse(word).map_err(|_| wrong("unit"));
    let second = match (officer(5)?, row.opt_text(6)?) {
        (Some(id), Some(word)) => Some((id, unit(word)?)),
        (None, None) => None,
        _ => return Err(wrong("second")),
    };
    Ok(BreakGlass {
        terms: Terms {
            id: BreakGlassId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
            realm: realm.to_owned(),
            first: officer(3)?.ok_or_else(|| wrong("first"))?,
            unit: unit(row.text(4)?)?,
            reason: Reason::from_word(row.text(7)?).ok_or_else(|| wrong("reason"))?,
            incident: CaseNumber::parse(row.text(8)?).map_err(|_| wrong("incident"))?,
            asked: Millis(row.int(9)?),
        },
        version: row.int(1)?,
        state: State::from_word(row.text(2)?).ok_or_else(|| wrong("state"))?,
        second,
        opened: row.opt_int(10)?.map(Millis),
        review_due: row.opt_int(11)?.map(Millis),
        reviewed: row.opt_int(12)?.map(Millis),
        reviewed_by: officer(13)?,
        suspended: row.opt_int(14)?.map(Millis),
        first_proof: row.opt_bytes(15)?.map(<[u8]>::to_vec),
        second_proof: row.opt_bytes(16)?.map(<[u8]>::to_vec),
        sealed_review: row.opt_bytes(17)?.map(<[u8]>::to_vec),
        code: row.array(18)?,
    })
}
