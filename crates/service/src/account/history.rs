//! GET /account/history: who signed in, what changed, and every opening of the person's data.
//!
//! Two sources in one timeline: the sign-in history, whose places are opened for the person, and the ledger's entries about
//! them, each with its place in the log.

use crate::access::hold;
use crate::signed_in::{self, Place};
use crate::vault::Grant;
use crate::{Caller, Error, Fault, Platform, audit};
use lionrock_crypto::ring::Domain;
use lionrock_ledger::hash::Hash;
use lionrock_model::account::AccountRefusal;
use lionrock_model::policy::Field;
use lionrock_model::session::{Device, SignIn, SignInEvent};
use lionrock_model::time::Millis;
use lionrock_store::leaf::{self, Entry};
use lionrock_store::{credential, session};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines shown at a time.
pub const PAGE: usize = 50;

/// One line of the timeline.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub at: Millis,
    /// What.
    pub what: What,
    /// Where it stands in the ledger, once it has a place there: index and hash of the entry.
    pub proof: Option<(u64, Hash)>,
}

/// What a line tells.
#[derive(Clone)]
pub enum What {
    /// Something with a passkey.
    SignIn {
        /// What happened.
        event: SignInEvent,
        /// Browser and system.
        device: Device,
        /// Network address.
        address: Option<String>,
        /// Name of the passkey, while it is kept.
        passkey: Option<String>,
    },
    /// Personal data was opened.
    Opened {
        /// By whom.
        by: Reader,
        /// Words of the fields.
        fields: Vec<String>,
        /// Word of the purpose.
        purpose: String,
    },
    /// Another entry of the ledger about the person: its type, and the service it names.
    Changed {
        /// Dotted words.
        kind: String,
        /// The service, if it is about one.
        service: Option<String>,
    },
}

impl std::fmt::Debug for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("What(…)")
    }
}

/// Who opened data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The platform, to write a letter.
    Platform,
    /// The person.
    Oneself,
    /// An online service, by its id.
    Service(String),
}

/// A page of the timeline, newest first, and where the next one begins.
#[derive(Clone, Debug)]
pub struct History {
    /// The lines.
    pub lines: Vec<Line>,
    /// Ask with this for older lines.
    pub older: Option<Millis>,
}

/// Entries that the sign-in history already tells.
const TOLD: [&str; 5] =
    ["authenticator.added", "authenticator.removed", "session.opened", "session.refused", "session.stepped-up"];

/// Reads the timeline from before `before`. Opening the places leaves a leaf, too.
///
/// # Errors
/// Of the session; faults.
pub async fn history(
    platform: &Arc<Platform>,
    caller: &Caller,
    cookie: &str,
    before: Option<Millis>,
) -> Result<History, Error<AccountRefusal>> {
    let (owned, caller, cookie) = (Arc::clone(platform), caller.clone(), cookie.to_owned());
    let before = before.unwrap_or(Millis(i64::MAX));
    platform
        .store
        .write(move |tx| {
            let current = super::require(tx, &owned, &caller, &cookie)?;
            let who = current.resident.id;
            let sign_ins = session::history(tx, who, before)?;
            let holds = hold::standing(tx, &owned, who, caller.now)?;
            let leaves = leaf::of_resident(tx, who.as_bytes(), before.0, 200)?;
            let grant = super::own(tx, &owned, &caller, &current, &[Field::Devices])?;
            let mut names = BTreeMap::new();
            for one in credential::standing(tx, who)? {
                names.insert(one.id, super::authenticators::name(&grant, &one)?);
            }
            let mut lines = Vec::new();
            for line in &sign_ins {
                let place = place(&grant, line)?;
                let what = What::SignIn {
                    event: line.event,
                    device: line.device,
                    address: place.address,
                    passkey: line.credential.and_then(|id| names.get(&id).cloned()),
                };
                lines.push(Line { at: line.at, what, proof: None });
            }
            for (entry, at, body) in leaves.iter().filter(|(entry, _, _)| !TOLD.contains(&entry.kind.as_str())) {
                let Some(what) = tell(&owned, entry, (Millis(*at), caller.now), &holds, body.as_deref())? else {
                    continue;
                };
                lines.push(Line { at: Millis(*at), what, proof: proof(entry)? });
            }
            lines.sort_by_key(|line| std::cmp::Reverse(line.at));
            let more = lines.len() > PAGE;
            lines.truncate(PAGE);
            let older = lines.last().filter(|_| more).map(|line| line.at);
            Ok(History { lines, older })
        })
        .await
}

fn place(grant: &Grant<'_>, line: &SignIn) -> Result<Place, Fault> {
    let slot = signed_in::place_slot(&line.resident, line.id.as_bytes());
    let plain = grant.open(Field::Devices, Domain::Session, &slot, &line.sealed_place)?;
    Ok(serde_json::from_slice(&plain)?)
}

fn tell(
    platform: &Platform,
    entry: &Entry,
    (at, now): (Millis, Millis),
    holds: &[hold::Hold],
    body: Option<&[u8]>,
) -> Result<Option<What>, Fault> {
    let Some(sealed) = body else { return Ok(None) };
    let (_, canonical) = audit::open_body(platform, &entry.event, sealed)?;
    let event: serde_json::Value = serde_json::from_slice(&canonical)?;
    let service = |at: &str| event.pointer(at).and_then(serde_json::Value::as_str).map(str::to_owned);
    let said = event.get("body").unwrap_or(&serde_json::Value::Null);
    // Staff's readings are told in full, with their proof, on a page of their own; withheld ones are counted there.
    let staff = entry.kind == "personal.opened" && !hold::by_staff(said).is_null();
    if staff || holds.iter().any(|hold| hold.covers(&entry.kind, said, at, now)) {
        let kind = if staff { "personal.read-by-staff" } else { "entry.withheld" };
        return Ok(Some(What::Changed { kind: kind.to_owned(), service: None }));
    }
    if entry.kind != "personal.opened" {
        return Ok(Some(What::Changed { kind: entry.kind.clone(), service: service("/body/service") }));
    }
    let by = match service("/body/by/service") {
        Some(service) => Reader::Service(service),
        None if event.pointer("/body/by/self").is_some() => Reader::Oneself,
        None => Reader::Platform,
    };
    let fields = event.pointer("/body/fields").and_then(serde_json::Value::as_array).into_iter().flatten();
    let fields = fields.filter_map(serde_json::Value::as_str).map(str::to_owned).collect();
    Ok(Some(What::Opened { by, fields, purpose: service("/body/purpose").unwrap_or_default() }))
}

fn proof(entry: &Entry) -> Result<Option<(u64, Hash)>, Fault> {
    let Some(index) = entry.position else { return Ok(None) };
    Ok(Some((index, Hash::of_entry(&crate::ledger::encode(entry)?))))
}
