//! Table `registration`: a registration under way. The whole row is read and written at once, by compare-and-set on its
//! version, so that two tabs cannot take the same step twice.

use crate::{Error, Row, Tx};
use lionrock_model::id::{CaseId, CustodyId, RegistrationId, ResidentId};
use lionrock_model::language::Language;
use lionrock_model::proofing::{Action, Challenge, Reason, Verdict};
use lionrock_model::register::{Aim, Step};
use lionrock_model::time::Millis;

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, version, step, language, notice_version, notice_hash, attempts, challenge, challenge_actions, \
             challenge_until, custody, verdict, reasons, sealed_facts, sealed_codes, sealed_email, email_code_digest, \
             email_code_until, email_code_tries, email_codes, resident, created_at, expires_at, \
             secret_digest, proof, aim, subject, attended FROM registration ",
            $which
        )
    };
}

const INSERT: &str = "INSERT INTO registration (id, version, secret_digest, step, language, notice_version, notice_hash, \
                      attempts, email_code_tries, email_codes, created_at, expires_at, proof, aim, subject, \
                      attended) VALUES ($1, 1, $2, $3, $4, $5, $6, 0, 0, 0, $7, $8, $9, $10, $11, $12)";
const BY_ID: &str = select!("WHERE id = $1");
const EXPIRED: &str = select!("WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100");
const UPDATE: &str = "UPDATE registration SET version = version + 1, step = $3, attempts = $4, challenge = $5, \
                      challenge_actions = $6, challenge_until = $7, custody = $8, verdict = $9, reasons = $10, \
                      sealed_facts = $11, sealed_codes = $12, sealed_email = $13, email_code_digest = $14, \
                      email_code_until = $15, email_code_tries = $16, email_codes = $17, resident = $18, proof = $19, \
                      attended = $20, expires_at = $21, secret_digest = $22 \
                      WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM registration WHERE id = $1";
const FORGET: &str = "DELETE FROM registration WHERE resident = $1";

/// A registration's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// One more with each change.
    pub version: i64,
    /// Where it stands.
    pub step: Step,
    /// The language of the notice.
    pub language: Language,
    /// Version of the notice agreed to.
    pub notice_version: String,
    /// SHA-256 of the notice agreed to, as shown.
    pub notice_hash: [u8; 32],
    /// Judgements and registry answers that did not accept.
    pub attempts: u32,
    /// The movements asked for, unused.
    pub challenge: Option<Asked>,
    /// The custody opened last.
    pub custody: Option<CustodyId>,
    /// The verdict given last.
    pub verdict: Option<Verdict>,
    /// Its reasons.
    pub reasons: Vec<Reason>,
    /// The facts of the card, sealed, until the account exists.
    pub sealed_facts: Option<Vec<u8>>,
    /// The recovery codes, sealed, until they are kept.
    pub sealed_codes: Option<Vec<u8>>,
    /// The address to be confirmed, sealed.
    pub sealed_email: Option<Vec<u8>>,
    /// The code sent, while it is good.
    pub email_code: Option<EmailCode>,
    /// Codes sent so far.
    pub email_codes: i64,
    /// The account that came of it.
    pub resident: Option<ResidentId>,
    /// When it began.
    pub created: Millis,
    /// When it is swept.
    pub expires: Millis,
    /// Imprint of the id and of the secret in the browser's cookie.
    pub secret_digest: [u8; 32],
    /// Imprint of the row; none on rows of an earlier program.
    pub proof: Option<[u8; 32]>,
    /// What the pictures are for.
    pub aim: Aim,
    /// Whom or what it is for, when not a new account: the digest of a browser, or the id of an errand.
    pub subject: Option<Vec<u8>>,
    /// The errand of the officer who is beside it.
    pub attended: Option<CaseId>,
}

/// Movements asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Random id of the question.
    pub id: [u8; 16],
    /// The movements.
    pub challenge: Challenge,
    /// Until when they can be answered.
    pub until: Millis,
}

/// A code sent by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailCode {
    /// Keyed digest of the code.
    pub digest: [u8; 32],
    /// Until when it is good.
    pub until: Millis,
    /// Wrong answers so far.
    pub tries: i64,
}

/// Adds a registration.
///
/// # Errors
/// Of the store.
pub fn insert(tx: &mut Tx<'_>, new: &Registration) -> Result<(), Error> {
    let values = [
        new.id.as_bytes().into(),
        new.secret_digest.into(),
        new.step.word().into(),
        new.language.tag().into(),
        new.notice_version.as_str().into(),
        new.notice_hash.to_vec().into(),
        new.created.into(),
        new.expires.into(),
        new.proof.map(|proof| proof.to_vec()).into(),
        new.aim.word().into(),
        new.subject.clone().into(),
        new.attended.map(|id| id.as_bytes().to_vec()).into(),
    ];
    tx.execute(INSERT, &values).map(drop)
}

/// One registration.
///
/// # Errors
/// Of the store.
pub fn find(tx: &mut Tx<'_>, id: RegistrationId) -> Result<Option<Registration>, Error> {
    tx.first(BY_ID, &[id.as_bytes().into()])?.map(|row| read(&row)).transpose()
}

/// Registrations whose time is over, at most a hundred.
///
/// # Errors
/// Of the store.
pub fn expired(tx: &mut Tx<'_>, now: Millis) -> Result<Vec<Registration>, Error> {
    tx.query(EXPIRED, &[now.into()])?.iter().map(read).collect()
}

/// Writes the row back; false when it changed since it was read.
///
/// # Errors
/// Of the store.
pub fn update(tx: &mut Tx<'_>, row: &Registration) -> Result<bool, Error> {
    let asked = row.challenge.as_ref();
    let code = row.email_code.as_ref();
    let actions = asked.map(|asked| words(asked.challenge.actions.iter().map(|action| action.word())));
    let reasons = words(row.reasons.iter().map(|reason| reason.word()));
    let values = [
        row.id.as_bytes().into(),
        row.version.into(),
        row.step.word().into(),
        row.attempts.into(),
        asked.map(|asked| asked.id.to_vec()).into(),
        actions.into(),
        asked.map(|asked| asked.until.0).into(),
        row.custody.map(|id| id.as_bytes().to_vec()).into(),
        row.verdict.map(|verdict| verdict.word().to_owned()).into(),
        reasons.into(),
        row.sealed_facts.clone().into(),
        row.sealed_codes.clone().into(),
        row.sealed_email.clone().into(),
        code.map(|code| code.digest.to_vec()).into(),
        code.map(|code| code.until.0).into(),
        code.map_or(0, |code| code.tries).into(),
        row.email_codes.into(),
        row.resident.map(|id| id.as_bytes().to_vec()).into(),
        row.proof.map(|proof| proof.to_vec()).into(),
        row.attended.map(|id| id.as_bytes().to_vec()).into(),
        row.expires.into(),
        row.secret_digest.into(),
    ];
    Ok(tx.execute(UPDATE, &values)? == 1)
}

/// Removes a registration; what it came to stands elsewhere.
///
/// # Errors
/// Of the store.
pub fn delete(tx: &mut Tx<'_>, id: RegistrationId) -> Result<(), Error> {
    tx.execute(DELETE, &[id.as_bytes().into()]).map(drop)
}

/// Removes the registration that made an account, when the account ends before it expires.
///
/// # Errors
/// Of the store.
pub fn forget_resident(tx: &mut Tx<'_>, resident: ResidentId) -> Result<u64, Error> {
    tx.execute(FORGET, &[resident.as_bytes().into()])
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn read(row: &Row) -> Result<Registration, Error> {
    let wrong = |what: &str| Error::corrupt(format!("registration.{what}"));
    let array = |bytes: Option<&[u8]>, what: &str| bytes.map(<[u8; 16]>::try_from).transpose().map_err(|_| wrong(what));
    let challenge = match (array(row.opt_bytes(7)?, "challenge")?, row.opt_text(8)?, row.opt_int(9)?) {
        (Some(id), Some(actions), Some(until)) => {
            let actions = actions.split(' ').map(Action::from_word).collect::<Option<Vec<_>>>();
            let actions = actions.ok_or_else(|| wrong("challenge_actions"))?;
            Some(Asked { id, challenge: Challenge { actions }, until: Millis(until) })
        }
        _ => None,
    };
    let email_code = match (row.opt_bytes(16)?, row.opt_int(17)?) {
        (Some(digest), Some(until)) => Some(EmailCode {
            digest: digest.try_into().map_err(|_| wrong("email_code_digest"))?,
            until: Millis(until),
            tries: row.int(18)?,
        }),
        _ => None,
    };
    let reasons = row.opt_text(12)?.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    Ok(Registration {
        id: RegistrationId::from_bytes(row.bytes(0)?).map_err(|_| wrong("id"))?,
        version: row.int(1)?,
        step: Step::from_word(row.text(2)?).ok_or_else(|| wrong("step"))?,
        language: Language::from_tag(row.text(3)?).ok_or_else(|| wrong("language"))?,
        notice_version: row.text(4)?.to_owned(),
        notice_hash: row.array(5)?,
        attempts: u32::try_from(row.int(6)?).map_err(|_| wrong("attempts"))?,
        challenge,
        custody: row.opt_bytes(10)?.map(CustodyId::from_bytes).transpose().map_err(|_| wrong("custody"))?,
        verdict: row.opt_text(11)?.and_then(Verdict::from_word),
        reasons: reasons.filter_map(Reason::from_word).collect(),
        sealed_facts: row.opt_bytes(13)?.map(<[u8]>::to_vec),
        sealed_codes: row.opt_bytes(14)?.map(<[u8]>::to_vec),
        sealed_email: row.opt_bytes(15)?.map(<[u8]>::to_vec),
        email_code,
        email_codes: row.int(19)?,
        resident: row.opt_bytes(20)?.map(ResidentId::from_bytes).transpose().map_err(|_| wrong("resident"))?,
        created: Millis(row.int(21)?),
        expires: Millis(row.int(22)?),
        secret_digest: row.array(23)?,
        proof: row.opt_array(24)?,
        aim: Aim::from_word(row.text(25)?).ok_or_else(|| wrong("aim"))?,
        subject: row.opt_bytes(26)?.map(<[u8]>::to_vec),
        attended: row.opt_bytes(27)?.map(CaseId::from_bytes).transpose().map_err(|_| wrong("attended"))?,
    })
}
