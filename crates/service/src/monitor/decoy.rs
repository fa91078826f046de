//! Decoys: accounts that nobody has, so that nobody has a reason to look for one. Two officers of the configuration sign for them; the
//! command places them and prints where they are found. Whoever asks for one is told what everybody is told about whom no ticket is
//! given, and is heard of at once ([`Rule::Decoy`](lionrock_model::monitor::Rule)).
//!
//! Nothing in the store says which accounts they are but keyed codes, and the ledger's entries, sealed.

use super::known;
use crate::audit::{self, Event};
use crate::freshness;
use crate::statement::{Claims, Officer, Signed};
use crate::{Caller, Fault, Platform, vault};
use lionrock_model::budget::Budget;
use lionrock_model::hkid::Hkid;
use lionrock_model::id::ResidentId;
use lionrock_model::person::{CardFacts, EnglishName, Sex};
use lionrock_model::statement::{SECONDS_A_DAY, Span, StatementFault, same_realm};
use lionrock_model::time::Millis;
use lionrock_store::{Tx, leaf, resident, staff_mark};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A statement about decoys is good so long at most.
pub const LONGEST: Duration = Duration::from_secs(7 * SECONDS_A_DAY);
/// Type of the entry that tells of one.
pub const PLANTED: &str = "decoy.planted";
/// Decoys of one statement, at most.
const MOST: usize = 20;
/// Entries read in one go.
const BATCH: u32 = 500;

/// The claims of decoys. Members in alphabetical order: they are signed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecoyClaims {
    /// Officers who sign, two or more.
    pub approved_by: Vec<String>,
    /// The decoys.
    pub decoys: Vec<Invented>,
    /// The first moment after it, RFC 3339 in UTC.
    pub expires: String,
    /// Its own name.
    pub id: String,
    /// Its first moment, RFC 3339 in UTC.
    pub not_before: String,
    /// The realm it is for.
    pub realm: String,
}

/// One of them: invented. The card number must be one that nobody has, or whoever has it cannot register.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invented {
    /// Card number, such as `U123456(0)`.
    pub card: String,
    /// Name as on cards, `CHAN, Tai Man`.
    pub name: String,
}

/// What such a statement means.
#[derive(Clone, Debug)]
pub struct Meaning {
    realm: String,
    span: Span,
    people: Vec<(Hkid, EnglishName)>,
}

impl Claims for DecoyClaims {
    const FORMAT: &'static str = "lionrock decoys v1";
    type Meaning = Meaning;

    fn approvers(&self) -> &[String] {
        &self.approved_by
    }

    fn meaning(self) -> Result<Meaning, StatementFault> {
        let form = |what: &str| StatementFault::Form(what.to_owned());
        if self.decoys.is_empty() || self.decoys.len() > MOST {
            return Err(form("it names between 1 and 20 decoys"));
        }
        let read = |one: &Invented| {
            let card = Hkid::parse(&one.card).map_err(|_| form("a card number cannot be one"))?;
            let name = EnglishName::parse(&one.name).map_err(|_| form("a name cannot be one"))?;
            Ok((card, name))
        };
        let people = self.decoys.iter().map(read).collect::<Result<_, StatementFault>>()?;
        Ok(Meaning { realm: self.realm, span: Span::read(&self.not_before, &self.expires)?, people })
    }
}

impl Meaning {
    /// Whether it is good here and now.
    ///
    /// # Errors
    /// Of the realm and of the time.
    pub fn judge(&self, realm: &lionrock_model::realm::Realm, now: Millis) -> Result<(), StatementFault> {
        same_realm(&self.realm, realm)?;
        self.span.judge(now, LONGEST)
    }
}

/// Why no decoy was placed.
#[derive(Debug, Error)]
pub enum NotPlaced {
    /// The statement does not count.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// Somebody has that card number.
    #[error("decoy {0} of the statement: an account has that card number already")]
    Taken(usize),
    /// The realm takes no such number.
    #[error("decoy {0} of the statement: this realm takes no such card number")]
    Realm(usize),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<lionrock_store::Error> for NotPlaced {
    fn from(error: lionrock_store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Places what two officers signed for, all of it or nothing; the references of the accounts, in the order of the statement.
///
/// # Errors
/// [`NotPlaced`].
pub async fn place(
    platform: &Arc<Platform>,
    caller: &Caller,
    signed: Signed<DecoyClaims>,
    officers: &[Officer],
) -> Result<Vec<ResidentId>, NotPlaced> {
    let by: Vec<String> = signed.signatures.iter().map(|one| one.by.clone()).collect();
    let meaning = signed.open(officers)?;
    meaning.judge(&platform.settings.realm, caller.now)?;
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let work = move |tx: &mut Tx<'_>| {
        let mut placed = Vec::with_capacity(meaning.people.len());
        for (at, (card, name)) in meaning.people.iter().enumerate() {
            if !owned.settings.realm.admits(card) {
                return Err(NotPlaced::Realm(at + 1));
            }
            let id = account(tx, &owned, &caller, card, name)?.ok_or(NotPlaced::Taken(at + 1))?;
            plant(tx, &owned, &caller, id, &by)?;
            placed.push(id);
        }
        Ok(placed)
    };
    platform.store.write(work).await
}

/// An account that nobody has: no passkey, no address. None when the card number has one.
fn account(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    card: &Hkid,
    name: &EnglishName,
) -> Result<Option<ResidentId>, Fault> {
    let id = ResidentId::new(caller.now, caller.random());
    let index = vault::blind_index(platform, caller, Budget::LookupAtRegistration, id.as_bytes(), card)?;
    if vault::owner(tx, platform, caller, &index)?.is_some() {
        return Ok(None);
    }
    let (key, sealed_key) = platform.keys.new_resident_key(id.as_bytes(), &*caller.entropy)?;
    let wrong = |_| Fault::bug("a date of ours");
    let facts = CardFacts {
        hkid: card.clone(),
        english_name: name.clone(),
        chinese_name: None,
        birth: "1980-01-01".parse().map_err(wrong)?,
        sex: Sex::from_letter('F').ok_or_else(|| Fault::bug("a letter of ours"))?,
        issued: "2019-01-01".parse().map_err(wrong)?,
    };
    let row = resident::NewResident {
        id,
        blind_index: index,
        user_handle: caller.random(),
        sealed_key,
        sealed_profile: vault::seal_profile(platform, caller, id, &key, &facts)?,
        notice_hash: [0; 32],
        notice_language: caller.language.tag().to_owned(),
        created_at: caller.now.0,
    };
    resident::insert(tx, &row)?;
    known::family(tx, platform, id, &facts)?;
    // As every other account begins: an entry that looks different would tell which ones these are.
    freshness::record(
        tx,
        platform,
        caller,
        &Event::new("account.opened", Some(id), json!({"resident": id.to_string()})),
    )?;
    Ok(Some(id))
}

/// Makes an account a decoy.
///
/// # Errors
/// Of the store; `StoredData` when there is no such account.
pub fn plant(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    id: ResidentId,
    by: &[String],
) -> Result<(), Fault> {
    resident::find(tx, id)?.ok_or_else(|| Fault::stored_data("no such resident"))?;
    staff_mark::plant(tx, &known::decoy_code(platform, id)?, caller.now)?;
    let event = Event::new(PLANTED, None, json!({"signed_by": by})).with_apart(json!({"account": id.to_string()}));
    audit::append(tx, platform, caller, &event).map(drop)
}

/// A decoy that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account's reference.
    pub account: ResidentId,
    /// Since when.
    pub since: Millis,
    /// Whether monitoring still knows it: false when somebody took its code out of the store.
    pub known: bool,
}

/// Every decoy, as the ledger has them; the ledger keeps that the list was read.
///
/// # Errors
/// Of the store; `Key` when an entry does not open.
pub async fn list(platform: &Arc<Platform>, caller: &Caller) -> Result<Vec<Standing>, Fault> {
    let (owned, caller) = (Arc::clone(platform), caller.clone());
    let work = move |tx: &mut Tx<'_>| {
        audit::append(tx, &owned, &caller, &Event::new("decoy.listed", None, json!({})))?;
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let page = leaf::of_kinds(tx, &[PLANTED], from, u64::MAX >> 1, BATCH)?;
            let Some(last) = page.last().and_then(|(entry, _)| entry.position) else { return Ok(found) };
            from = last + 1;
            for (entry, sealed) in page {
                let Some(sealed) = sealed else { continue };
                let (_, event, apart) = audit::open_whole(&owned.keys, &entry.event, &sealed)?;
                let event: Value = serde_json::from_slice(&event)?;
                let apart: Value = apart.map(|apart| serde_json::from_slice(&apart)).transpose()?.unwrap_or_default();
                let account = apart.pointer("/apart/account").and_then(Value::as_str);
                let Some(account) = account.and_then(|id| ResidentId::parse(id).ok()) else { continue };
                let known = staff_mark::is_decoy(tx, &known::decoy_code(&owned, account)?)?;
                let since = Millis(event.get("at").and_then(Value::as_i64).unwrap_or_default());
                found.push(Standing { account, since, known });
            }
        }
    };
    platform.store.write(work).await
}
