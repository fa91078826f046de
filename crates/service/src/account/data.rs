//! GET /account/data: everything kept about a person, in groups, with who received it and what was destroyed.
//!
//! The card number stays shut until it is asked for with presence proved; the leaf of the opening says which fields were opened.

use super::authenticators;
use super::consents::{self, Approved};
use super::entries;
use crate::vault::Profile;
use crate::{Caller, Error, Fault, Platform, authority, level, signed_in};
use lionrock_model::account::{AccountRefusal, Level};
use lionrock_model::certificate::Standing;
use lionrock_model::correction::State;
use lionrock_model::id::{CorrectionId, ResidentId, RotationId};
use lionrock_model::policy::Field;
use lionrock_model::time::Millis;
use lionrock_store::custody::Custody;
use lionrock_store::{
    Tx, certificate, consent, contact_change, correction, credential, custody, guardianship, notice, outbox,
    recovery_code, rotation, session, signature, signing_key,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How much of it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything but the card number.
    Masked,
    /// The card number, too; without a fresh proof of presence this is as [`Extent::Masked`].
    Whole,
}

/// What is kept.
#[derive(Clone)]
pub struct Data {
    /// Whether the card number was opened.
    pub whole: bool,
    /// The facts of the card.
    pub profile: Profile,
    /// Confirmed address.
    pub email: Option<String>,
    /// Whether another address waits for its confirmation.
    pub email_waiting: bool,
    /// Names of the passkeys that may sign.
    pub passkeys: Vec<String>,
    /// Passkeys that were removed; that they were bound once stays on record.
    pub passkeys_removed: usize,
    /// When the account began.
    pub since: Millis,
    /// The notice agreed to.
    pub notice: Agreed,
    /// Unused recovery codes.
    pub codes_left: u64,
    /// Open sessions.
    pub sessions: usize,
    /// Lines of the sign-in history, at most a hundred, and the oldest of them.
    pub history: (usize, Option<Millis>),
    /// Services approved at some time.
    pub approved: Vec<Approved>,
    /// Who received what, newest first, one line a service.
    pub received: Vec<Received>,
    /// Requests for correction, newest first; what they say stays shut here.
    pub corrections: Vec<Wish>,
    /// Custodies of pictures, oldest first, with their receipts.
    pub custodies: Vec<Custody>,
    /// Keys that sealed something of theirs and were destroyed since, newest first.
    pub keys_gone: Vec<KeyGone>,
    /// Letters about the person that have not left yet.
    pub letters: i64,
    /// Entries of the ledger about the person.
    pub entries: usize,
    /// What the account is good for.
    pub level: Level,
    /// Accounts of young people that this person let come about, and whether somebody did so for them.
    pub family: (usize, bool),
    /// Documents signed, at most [`MOST_SIGNATURES`] are counted.
    pub signatures: usize,
    /// Sealed signing keys.
    pub signing_keys: usize,
    /// Certificates in the person's name, and how many of them are in force.
    pub certificates: (usize, usize),
    /// Readings by staff; what a legal hold withholds is not among them.
    pub readings: usize,
}

/// Signatures that are counted at most.
const MOST_SIGNATURES: u32 = 10_000;

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Data(…)")
    }
}

/// The notice a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// SHA-256 of its text; zero for people of a test realm who were registered beforehand.
    pub digest: Vec<u8>,
    /// The language it was read in.
    pub language: String,
    /// Its version, when its text is kept.
    pub version: Option<String>,
}

/// A key that was replaced and destroyed: what it had sealed was sealed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGone {
    /// Whose key it was: `own` for the person's own, `realm`, or the word of a purpose.
    pub word: String,
    /// When.
    pub at: Millis,
    /// The rotation; its receipt names it.
    pub rotation: RotationId,
}

/// What a service received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The service.
    pub service: String,
    /// Words of all fields it ever received.
    pub fields: Vec<String>,
    /// How often.
    pub times: usize,
    /// First.
    pub first: Millis,
    /// Last.
    pub last: Millis,
}

/// A request for correction, from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its id.
    pub id: CorrectionId,
    /// The fact.
    pub field: Field,
    /// Where it stands.
    pub state: State,
    /// The first moment at which it is late.
    pub due: Millis,
}

/// Opens it for its owner; one leaf names the fields.
///
/// # Errors
/// Of the session; faults.
pub async fn data(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    extent: Extent,
) -> Result<Data, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let whole = extent == Extent::Whole && current.fresh(&owned, &caller).is_ok();
            let fields: Vec<_> = Field::ALL.into_iter().filter(|field| whole || *field != Field::Hkid).collect();
            let grant = super::own(tx, &owned, &caller, &current, &fields)?;
            let (standing, all) = (credential::standing(tx, who)?, credential::all(tx, who)?);
            let names = standing.iter().map(|one| authenticators::name(&grant, one));
            let (born, seen) = signed_in::horizon(&owned, caller.now);
            let lines = session::history(tx, who, Millis(i64::MAX))?;
            let told = entries::of(tx, &owned, who, caller.now)?;
            let change = contact_change::find(tx, who)?.filter(|row| caller.now < row.code_until);
            let row = grant.row()?;
            let agreed = notice::find(tx, &row.notice_hash)?;
            Ok(Data {
                whole,
                profile: grant.profile()?,
                email: grant.email()?.map(|email| email.reveal().to_owned()),
                email_waiting: change.is_some(),
                passkeys: names.collect::<Result<_, Fault>>()?,
                passkeys_removed: all.len() - standing.len(),
                since: Millis(row.created_at),
                notice: Agreed {
                    digest: row.notice_hash.clone(),
                    language: row.notice_language.clone(),
                    version: agreed.map(|notice| notice.version),
                },
                codes_left: recovery_code::left(tx, who)?,
                sessions: session::open(tx, who, born, seen)?.len(),
                history: (lines.len(), lines.last().map(|line| line.at)),
                approved: consents::by_service(&consent::of_resident(tx, who)?),
                received: received(&told),
                corrections: correction::of_resident(tx, who)?.iter().map(wish).collect(),
                custodies: custody::of_resident(tx, who)?,
                keys_gone: keys_gone(tx, who, Millis(row.created_at))?,
                letters: outbox::count_of(tx, who)?,
                entries: told.len(),
                level: level::level(tx, &owned, who)?,
                family: (guardianship::of_guardian(tx, who)?.len(), guardianship::of_young(tx, who)?.is_some()),
                signatures: signature::of_resident(tx, who, MOST_SIGNATURES)?.len(),
                signing_keys: signing_key::of_resident(tx, who)?.len(),
                certificates: certificates(&authority::kept(tx, &owned, who)?, caller.now),
                readings: told.iter().filter(|entry| entry.kind == "personal.opened" && entry.by_staff()).count(),
            })
        })
        .await
}

/// The notice agreed to, word for word; none when nobody was shown one.
///
/// # Errors
/// Of the session; `StoredData` when the kept text is not the one that was agreed to.
pub async fn notice(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
) -> Result<Option<(notice::Notice, Millis)>, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    platform
        .store
        .read(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let Some(found) = notice::find(tx, &current.resident.notice_hash)? else { return Ok(None) };
            if wording_digest(&found)[..] != current.resident.notice_hash[..] {
                return Err(Fault::stored_data("a notice is not the one that was agreed to").into());
            }
            Ok(Some((found, Millis(current.resident.created_at))))
        })
        .await
}

/// SHA-256 of a notice's wording, as it is kept with whoever agreed to it.
#[must_use]
pub fn wording_digest(notice: &notice::Notice) -> [u8; 32] {
    lionrock_crypto::digest::sha256(notice.wording.as_bytes())
}

/// How many there are, and how many are in force.
fn certificates(rows: &[certificate::Certificate], now: Millis) -> (usize, usize) {
    let good = |row: &&certificate::Certificate| row.standing == Standing::Good && now <= row.not_after;
    (rows.len(), rows.iter().filter(good).count())
}

/// Rotations since the account began that destroyed a key which sealed something of it.
fn keys_gone(tx: &mut Tx<'_>, who: ResidentId, since: Millis) -> Result<Vec<KeyGone>, Fault> {
    let own = format!("resident:{who}");
    let word = |what: &str| match what {
        "residents" => Some("own".to_owned()),
        "realm" => Some("realm".to_owned()),
        what if what == own => Some("own".to_owned()),
        what => what.strip_prefix("domain:").map(str::to_owned),
    };
    let done = rotation::newest(tx, 100)?.into_iter().filter(|row| row.trouble.is_none());
    let gone = done.filter_map(|row| {
        let at = row.finished.filter(|at| *at >= since)?;
        Some(KeyGone { word: word(&row.what)?, at, rotation: row.id })
    });
    Ok(gone.collect())
}

fn wish(row: &correction::Correction) -> Wish {
    Wish { id: row.id, field: row.field, state: row.state, due: row.due }
}

/// Openings by services, one line a service.
fn received(told: &[entries::Told]) -> Vec<Received> {
    let mut services: BTreeMap<&str, Received> = BTreeMap::new();
    for entry in told {
        let Some(service) = entry.released_to() else { continue };
        let line = services.entry(service).or_insert_with(|| Received {
            service: service.to_owned(),
            fields: Vec::new(),
            times: 0,
            first: entry.at,
            last: entry.at,
        });
        line.times += 1;
        line.first = line.first.min(entry.at);
        line.last = line.last.max(entry.at);
        for field in entry.fields() {
            if !line.fields.iter().any(|known| known == field) {
                line.fields.push(field.to_owned());
            }
        }
    }
    let mut lines: Vec<_> = services.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.last));
    lines
}
