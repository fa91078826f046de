//! Table `ticket`: what officers ask to see, about whom, and how it was approved. The code over a row is made and checked by the
//! service; this room only keeps it.

use crate::{Error, Row, Tx, Value};
use lionrock_model::bulk::Job;
use lionrock_model::id::{BreakGlassId, OfficerId, ResidentId, TicketId};
use lionrock_model::policy::{Field, Purpose};
use lionrock_model::staff::{Role, Unit};
use lionrock_model::ticket::{CaseNumber, Object, State, Terms};
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, state, officer, officer_role, officer_unit, approver, approver_role, approver_unit, purpose, \
             case_number, resident, job, fields, minutes, asked_at, approved_at, ended_at, openings, ask_proof, approval_proof, \
             break_glass, sealed_note, code FROM ticket ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO ticket (id, version, state, officer, officer_role, officer_unit, approver, approver_role, \
                      approver_unit, purpose, case_number, resident, job, fields, minutes, asked_at, approved_at, ended_at, \
                      openings, ask_proof, approval_proof, break_glass, sealed_note, code) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
                      $22, $23, $24)";
const UPDATE: &str = "UPDATE ticket SET version = $2 + 1, state = $3, approver = $7, approver_role = $8, approver_unit = $9, \
                      approved_at = $17, ended_at = $18, openings = $19, ask_proof = $20, approval_proof = $21, \
                      break_glass = $22, sealed_note = $23, code = $24 WHERE id = $1 AND version = $2 AND officer = $4 \
                      AND officer_role = $5 AND officer_unit = $6 AND purpose = $10 AND case_number = $11 \
                      AND (resident = $12 OR job = $13) AND fields = $14 AND minutes = $15 AND asked_at = $16";
const FIND: &str = select!("WHERE id = $1");
const OF_OFFICER: &str = select!("WHERE officer = $1 ORDER BY asked_at DESC, id DESC LIMIT 50");
const WAITING: &str = select!("WHERE state = 'asked' AND asked_at > $1 ORDER BY asked_at DESC, id DESC LIMIT 50");
const UNCLOSED: &str = select!("WHERE officer = $1 AND state = 'approved' ORDER BY asked_at, id LIMIT 20");
const STALE: &str = select!("WHERE state IN ('drafted', 'asked') AND asked_at <= $1 ORDER BY asked_at, id LIMIT 200");
const STANDING: &str = select!("WHERE state = 'approved' ORDER BY asked_at, id LIMIT 200");

/// A ticket's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What was asked, as signed.
    pub terms: Terms,
    /// One more with each step.
    pub version: i64,
    /// Where it stands.
    pub state: State,
    /// Who approved or refused it, with role and unit then.
    pub approver: Option<(OfficerId, Role, Unit)>,
    /// When it was approved.
    pub approved: Option<Millis>,
    /// When it was closed, refused or expired.
    pub ended: Option<Millis>,
    /// How often something was opened under it.
    pub openings: i64,
    /// The signed act of the officer.
    pub ask_proof: Option<Vec<u8>>,
    /// The second officer's.
    pub approval_proof: Option<Vec<u8>>,
    /// The breaking of the glass that stands for the second officer.
    pub break_glass: Option<BreakGlassId>,
    /// The closing note, sealed.
    pub sealed_note: Option<Vec<u8>>,
    /// Keyed code over the row.
    pub code: [u8; 32],
}

/// Adds a ticket.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Ticket) -> Result<(), Error> {
    tx.execute(INSERT, &values(new)).map(drop)
}

/// Writes a ticket's next state; `version` is the one it was read at. False when somebody was faster, or what was signed is another
/// text in the row by now.
///
/// # Errors
/// Of the store.
pub fn update(tx: &mut Tx<'_>, row: &Ticket) -> Result<bool, Error> {
    Ok(tx.execute(UPDATE, &values(row))? == 1)
}

/// One ticket.
///
/// # Errors
/// Of the store; [`Error::Corrupt`] for a row that cannot be read.
pub fn find(tx: &mut Tx<'_>, id: TicketId, realm: &str) -> Result<Option<Ticket>, Error> {
    tx.first(FIND, &[Value::from(id.as_bytes())])?.map(|row| read(&row, realm)).transpose()
}

/// An officer's tickets, newest first, at most 50.
///
/// # Errors
/// As [`find`].
pub fn of_officer(tx: &mut Tx<'_>, officer: OfficerId, realm: &str) -> Result<Vec<Ticket>, Error> {
    tx.query(OF_OFFICER, &[Value::from(officer.as_bytes())])?.iter().map(|row| read(row, realm)).collect()
}

/// Tickets that wait for a second officer and were asked for after `since`, newest first, at most 50.
///
/// # Errors
/// As [`find`].
pub fn waiting(tx: &mut Tx<'_>, since: Millis, realm: &str) -> Result<Vec<Ticket>, Error> {
    tx.query(WAITING, &[Value::from(since)])?.iter().map(|row| read(row, realm)).collect()
}

/// Approved tickets of an officer that have no closing note yet, oldest first.
///
/// # Errors
/// As [`find`].
pub fn unclosed(tx: &mut Tx<'_>, officer: OfficerId, realm: &str) -> Result<Vec<Ticket>, Error> {
    tx.query(UNCLOSED, &[Value::from(officer.as_bytes())])?.iter().map(|row| read(row, realm)).collect()
}

/// Tickets nobody signed or approved, asked for by `before`, at most 200.
///
/// # Errors
/// As [`find`].
pub fn stale(tx: &mut Tx<'_>, before: Millis, realm: &str) -> Result<Vec<Ticket>, Error> {
    tx.query(STALE, &[Value::from(before)])?.iter().map(|row| read(row, realm)).collect()
}

/// Approved tickets, oldest first, at most 200.
///
/// # Errors
/// As [`find`].
pub fn standing(tx: &mut Tx<'_>, realm: &str) -> Result<Vec<Ticket>, Error> {
    tx.query(STANDING, &[])?.iter().map(|row| read(row, realm)).collect()
}

fn values(row: &Ticket) -> Vec<Value> {
    let terms = &row.terms;
    let (resident, job) = match &terms.object {
        Object::Resident(id) => (Value::from(id.as_bytes()), Value::Null),
        Object::Job(job) => (Value::Null, Value::from(job.word())),
    };
    let fields: Vec<_> = terms.fields.iter().map(|field| field.word()).collect();
    let approver = row.approver.as_ref();
    vec![
        Value::from(terms.ticket.as_bytes()),
        Value::from(row.version),
        Value::from(row.state.word()),
        Value::from(terms.officer.as_bytes()),
        Value::from(terms.role.word()),
        Value::from(terms.unit.as_str()),
        Value::from(approver.map(|(id, ..)| *id.as_bytes())),
        Value::from(approver.map(|(_, role, _)| role.word())),
        Value::from(approver.map(|(.., unit)| unit.as_str())),
        Value::from(terms.purpose.map_or("none", Purpose::word)),
        Value::from(terms.case.as_str()),
        resident,
        job,
        Value::from(fields.join(",")),
        Value::from(terms.minutes),
        Value::from(terms.asked),
        Value::from(row.approved),
        Value::from(row.ended),
        Value::from(row.openings),
        Value::from(row.ask_proof.clone()),
        Value::from(row.approval_proof.clone()),
        Value::from(row.break_glass.map(|id| *id.as_bytes())),
        Value::from(row.sealed_note.clone()),
        Value::from(row.code),
    ]
}

fn read(row: &Row, realm: &str) -> Result<Ticket, Error> {
    let wrong = |what: &str| Error::corrupt(format!("ticket.{what}"));
    let role = |word: &str| Role::ALL.into_iter().find(|role| role.word() == word).ok_or_else(|| wrong("role"));
    let unit = |word: &str| Unit::parse(word).map_err(|_| wrong("unit"));
    let object = match (row.opt_bytes(11)?, row.opt_text(12)?) {
        (Some(id), None) => Object::Resident(ResidentId::from_bytes(id).map_err(|_| wrong("resident"))?),
        (None, Some(job)) => Object::Job(Job::from_word(job).ok_or_else(|| wrong("job"))?),
        _ => return Err(wrong("resident")),
    };
    let words = row.text(13)?;
    let fields = words.split(',').filter(|word| !word.is_empty());
    let fields = fields.map(|word| Field::from_word(word).ok_or_else(|| wrong("fields"))).collect::<Result<_, _>>()?;
    let approver = match (row.opt_bytes(6)?, row.opt_text(7)?, row.opt_text(8)?) {
        (Some(id), Some(as_role), Some(of_unit)) => {
            Some((OfficerId::from_bytes(id).map_err(|_| wrong("approver"))?, role(as_role)?, unit(of_unit)?))
        }
        (None, None, None) => None,
        _ => return Err(wrong("approver")),
    };
    let purpose = row.text(9)?;
    let purpose = match purpose {
        "none" => None,
        word => Some(Purpose::from_word(word).ok_or_else(|| wrong("purpose"))?),
    };
    let glass =
        row.opt_bytes(21)?.map(|id| BreakGlassId::from_bytes(id).map_err(|_| wrong("break_glass"))).transpose()?;
    Ok(Ticket {
        terms: Terms {
            ticket: TicketId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
            realm: realm.to_owned(),
            officer: OfficerId::from_bytes(row.bytes(3)?).map_err(|_| wrong("officer"))?,
            role: role(row.text(4)?)?,
            unit: unit(row.text(5)?)?,
            purpose,
            case: CaseNumber::parse(row.text(10)?).map_err(|_| wrong("case_number"))?,
            object,
            fields,
            minutes: u32::try_from(row.int(14)?).map_err(|_| wrong("minutes"))?,
            asked: Millis(row.int(15)?),
        },
        version: row.int(1)?,
        state: State::from_word(row.text(2)?).ok_or_else(|| wrong("state"))?,
        approver,
        approved: row.opt_int(16)?.map(Millis),
        ended: row.opt_int(17)?.map(Millis),
        openings: row.int(18)?,
        ask_proof: row.opt_bytes(19)?.map(<[u8]>::to_vec),
        approval_proof: row.opt_bytes(20)?.map(<[u8]>::to_vec),
        break_glass: glass,
        sealed_note: row.opt_bytes(22)?.map(<[u8]>::to_vec),
        code: row.array(23)?,
    })
}
