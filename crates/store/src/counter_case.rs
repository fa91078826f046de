//! Table `counter_case`: errands at a counter and codes that one screen hands to another. The whole row is written at once, by
//! compare-and-set on its version.

use crate::{Error, Row, Tx, Value};
use lionrock_model::counter::{CaseKind, CaseState};
use lionrock_model::id::{CaseId, RegistrationId, ResidentId};
use lionrock_model::level::Ground;
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, kind, state, ground, officer, unit, resident, registration, code_digest, code_tries, \
             approval, proof, opened_at, expires_at, ended_at FROM counter_case ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO counter_case (id, version, kind, state, ground, officer, unit, resident, registration, \
                      code_digest, code_tries, approval, proof, opened_at, expires_at, ended_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
const UPDATE: &str = "UPDATE counter_case SET version = $2, kind = $3, state = $4, ground = $5, officer = $6, unit = $7, \
                      resident = $8, registration = $9, code_digest = $10, code_tries = $11, approval = $12, proof = $13, \
                      opened_at = $14, expires_at = $15, ended_at = $16 WHERE id = $1 AND version = $2 - 1";
const BY_ID: &str = select!("WHERE id = $1");
const BY_CODE: &str = select!("WHERE code_digest = $1");
// What was agreed to waits for somebody else: it is not what the person is about now.
const OF_RESIDENT: &str = select!(
    "WHERE resident = $1 AND kind = $2 AND state <> 'agreed' AND ended_at IS NULL ORDER BY opened_at DESC LIMIT 1"
);
const OF_REGISTRATION: &str =
    select!("WHERE registration = $1 AND kind = $2 AND ended_at IS NULL ORDER BY opened_at DESC LIMIT 1");
const OF_OFFICER: &str =
    select!("WHERE officer = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY opened_at DESC LIMIT 50");
const SUSPENDING: &str =
    select!("WHERE kind = 'kill-switch' AND ended_at IS NULL AND expires_at > $1 ORDER BY opened_at DESC LIMIT 50");

/// An errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// One more with each change, from 1 on.
    pub version: i64,
    /// What it is about.
    pub kind: CaseKind,
    /// Where it stands.
    pub state: CaseState,
    /// What shows who is there, for a raise of the level.
    pub ground: Option<Ground>,
    /// The officer who took it up.
    pub officer: Option<[u8; 16]>,
    /// That officer's unit then.
    pub unit: Option<String>,
    /// Whose account, when it is known.
    pub resident: Option<ResidentId>,
    /// The registration it is about.
    pub registration: Option<RegistrationId>,
    /// Keyed digest of the code that waits.
    pub code: Option<[u8; 32]>,
    /// Wrong answers so far.
    pub tries: i64,
    /// The ledger's entry of the signature that showed it.
    pub approval: Option<[u8; 16]>,
    /// Keyed digest of all that.
    pub proof: [u8; 32],
    /// When it began.
    pub opened: Millis,
    /// From when on it is worth nothing.
    pub expires: Millis,
    /// When it ended.
    pub ended: Option<Millis>,
}

/// Adds an errand.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Case) -> Result<(), Error> {
    tx.execute(INSERT, &values(new)).map(drop)
}

/// Writes an errand whose version was raised by one; false when somebody else was faster.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn update(tx: &mut Tx<'_>, changed: &Case) -> Result<bool, Error> {
    Ok(tx.execute(UPDATE, &values(changed))? == 1)
}

/// One errand.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn find(tx: &mut Tx<'_>, id: CaseId) -> Result<Option<Case>, Error> {
    tx.first(BY_ID, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// The errand whose code has this digest.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn by_code(tx: &mut Tx<'_>, digest: &[u8; 32]) -> Result<Option<Case>, Error> {
    tx.first(BY_CODE, &[digest.into()])?.map(|row| read(&row)).transpose()
}

/// The newest errand of a kind of a resident that is not over.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_resident(tx: &mut Tx<'_>, resident: ResidentId, kind: CaseKind) -> Result<Option<Case>, Error> {
    tx.first(OF_RESIDENT, &[resident.as_bytes().into(), kind.word().into()])?.map(|row| read(&row)).transpose()
}

/// The newest errand of a kind about a registration that is not over.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_registration(tx: &mut Tx<'_>, id: RegistrationId, kind: CaseKind) -> Result<Option<Case>, Error> {
    tx.first(OF_REGISTRATION, &[id.as_bytes().into(), kind.word().into()])?.map(|row| read(&row)).transpose()
}

/// An officer's errands that are not over, newest first, at most fifty.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn of_officer(tx: &mut Tx<'_>, officer: &[u8; 16], now: Millis) -> Result<Vec<Case>, Error> {
    tx.query(OF_OFFICER, &[officer.into(), now.into()])?.iter().map(read).collect()
}

/// Every request to suspend that is not over, newest first, at most fifty.
///
/// # Errors
/// Any [`Error`] of the store.
pub fn suspending(tx: &mut Tx<'_>, now: Millis) -> Result<Vec<Case>, Error> {
    tx.query(SUSPENDING, &[now.into()])?.iter().map(read).collect()
}

fn values(case: &Case) -> [Value; 16] {
    [
        case.id.as_bytes().into(),
        case.version.into(),
        case.kind.word().into(),
        case.state.word().into(),
        case.ground.map(|ground| ground.word().to_owned()).into(),
        case.officer.map(|id| id.to_vec()).into(),
        case.unit.clone().into(),
        case.resident.map(|id| id.as_bytes().to_vec()).into(),
        case.registration.map(|id| id.as_bytes().to_vec()).into(),
        case.code.map(|code| code.to_vec()).into(),
        case.tries.into(),
        case.approval.map(|id| id.to_vec()).into(),
        case.proof.to_vec().into(),
        case.opened.into(),
        case.expires.into(),
        case.ended.map(|at| at.0).into(),
    ]
}

fn read(row: &Row) -> Result<Case, Error> {
    let wrong = |what: &str| Error::corrupt(format!("counter_case.{what}"));
    let short = |bytes: Option<&[u8]>, what: &str| bytes.map(<[u8; 16]>::try_from).transpose().map_err(|_| wrong(what));
    Ok(Case {
        id: CaseId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        kind: CaseKind::from_word(row.text(2)?).ok_or_else(|| wrong("kind"))?,
        state: CaseState::from_word(row.text(3)?).ok_or_else(|| wrong("state"))?,
        ground: row.opt_text(4)?.map(|word| Ground::from_word(word).ok_or_else(|| wrong("ground"))).transpose()?,
        officer: short(row.opt_bytes(5)?, "officer")?,
        unit: row.opt_text(6)?.map(str::to_owned),
        resident: row.opt_bytes(7)?.map(ResidentId::from_bytes).transpose().map_err(|_| wrong("resident"))?,
        registration: row
            .opt_bytes(8)?
            .map(RegistrationId::from_bytes)
            .transpose()
            .map_err(|_| wrong("registration"))?,
        code: row.opt_bytes(9)?.map(<[u8; 32]>::try_from).transpose().map_err(|_| wrong("code_digest"))?,
        tries: row.int(10)?,
        approval: short(row.opt_bytes(11)?, "approval")?,
        proof: row.array(12)?,
        opened: Millis(row.int(13)?),
        expires: Millis(row.int(14)?),
        ended: row.opt_int(15)?.map(Millis),
    })
}
