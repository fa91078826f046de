//! Writing to the ledger from inside a business transaction.

use crate::access::lane;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::digest::sha256;
use lionrock_crypto::ring::{Domain, KeyRing, Slot};
use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
use lionrock_model::id::ResidentId;
use lionrock_store::{Tx, leaf};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Something worth a leaf. The body holds ids, words and counts, never personal data.
#[derive(Clone, Debug)]
pub struct Event {
    /// Dotted lower-case words: `custody.opened`.
    pub kind: &'static str,
    /// The resident it concerns.
    pub resident: Option<ResidentId>,
    /// What happened, as a JSON object. The person it is about may read it.
    pub body: Value,
    /// What others alone are concerned in, such as which officer it was: kept beside the body, bound to it by a digest, and shown
    /// to auditors, not to the person. What officers' entries have of it is taken out of the body when they are written.
    pub apart: Option<Value>,
}

impl Event {
    /// An event of a kind, about a resident or nobody.
    #[must_use]
    pub const fn new(kind: &'static str, resident: Option<ResidentId>, body: Value) -> Self {
        Self { kind, resident, body, apart: None }
    }

    /// The same event, with something kept apart from what its person may read.
    #[must_use]
    pub fn with_apart(self, apart: Value) -> Self {
        Self { apart: Some(apart), ..self }
    }

    /// The same event, as its person may read it: which officers it was and what is the office's own goes apart, whoever wrote it
    /// down. What staff did on tickets tells role, unit, purpose, fields and ticket, and nothing else.
    #[must_use]
    fn parted(self) -> Self {
        let (Some(_), Value::Object(members)) = (self.resident, &self.body) else { return self };
        let ticket = self.kind.starts_with("ticket.");
        let (mut told, mut office, mut officers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (name, value) in members {
            if OFFICE.contains(&name.as_str()) || (ticket && !TOLD.contains(&name.as_str())) {
                office.insert(name.clone(), value.clone());
                continue;
            }
            let side = value.as_object().filter(|side| side.contains_key("officer"));
            let Some(side) = side else {
                told.insert(name.clone(), value.clone());
                continue;
            };
            officers.extend(side.get("officer").map(|officer| (name.clone(), officer.clone())));
            let rest: BTreeMap<_, _> = side.iter().filter(|(name, _)| *name != "officer").collect();
            told.insert(name.clone(), rest.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect());
        }
        if office.is_empty() && officers.is_empty() {
            return self;
        }
        let mut apart: BTreeMap<String, Value> = match &self.apart {
            Some(Value::Object(members)) => members.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            Some(other) => BTreeMap::from([("more".to_owned(), other.clone())]),
            None => BTreeMap::new(),
        };
        apart.insert("office".to_owned(), office.into_iter().collect());
        apart.insert("officers".to_owned(), officers.into_iter().collect());
        Self { body: told.into_iter().collect(), apart: Some(apart.into_iter().collect()), ..self }
    }
}

/// Members that are the office's own, in whatever entry about a person they stand.
const OFFICE: [&str; 8] =
    ["act", "acts", "approved_by", "officer", "signatures", "signed_by", "staff_case", "ticket_policy"];
/// All that an entry about a ticket tells its person.
const TOLD: [&str; 6] = ["by", "consent", "fields", "purpose", "second", "ticket"];

/// Adds a leaf in this transaction; returns the event's random id, by which its inclusion can be asked for later.
///
/// # Errors
/// Of the store; `Bug` when the kind is not dotted lower-case words.
pub fn append(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, event: &Event) -> Result<[u8; 16], Fault> {
    let id: [u8; 16] = caller.random();
    append_as(tx, platform, caller, id, event)?;
    Ok(id)
}

/// As [`append`], under an id that means something: [`freshness`](crate::freshness) computes them.
///
/// # Errors
/// As [`append`].
pub(crate) fn append_as(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    id: [u8; 16],
    event: &Event,
) -> Result<(), Fault> {
    append_with(tx, &platform.keys, caller, id, event)
}

/// As [`append_as`], before there is a platform: only the ring is needed.
///
/// # Errors
/// As [`append`].
pub(crate) fn append_with(
    tx: &mut Tx<'_>,
    keys: &KeyRing,
    caller: &Caller,
    id: [u8; 16],
    event: &Event,
) -> Result<(), Fault> {
    append_numbered(tx, keys, caller, id, event, None)
}

/// As [`append_with`]; `number` puts the entry into a place of its lane that is empty because an entry was deleted.
///
/// # Errors
/// As [`append`].
pub(crate) fn append_numbered(
    tx: &mut Tx<'_>,
    keys: &KeyRing,
    caller: &Caller,
    id: [u8; 16],
    event: &Event,
    number: Option<lane::Number>,
) -> Result<(), Fault> {
    let event = &event.clone().parted();
    let key: [u8; 32] = caller.random();
    let number = match number {
        Some(number) => number,
        None => lane::next(tx, keys, event.resident, &id)?,
    };
    let kind = Kind::parse(event.kind).map_err(|_| Fault::bug(format!("not a kind of leaf: {}", event.kind)))?;
    let apart = event.apart.as_ref().map(|apart| keep_apart(apart, caller)).transpose()?;
    let canonical = canonical(event, caller, apart.as_deref())?;
    let leaf = Leaf::commit(id, kind, CoarseTime::from_millis(caller.now.0), &key, &canonical);
    let mut body = [&key[..], &canonical].concat();
    if let Some(apart) = &apart {
        // No JSON text has this byte.
        body.push(0);
        body.extend_from_slice(apart);
    }
    let sealed = keys.seal(Domain::Audit, &slot(&id), None, &body, &*caller.entropy)?;
    let row = leaf::NewLeaf {
        event: id,
        kind: event.kind.to_owned(),
        coarse_time: i64::try_from(leaf.time.seconds()).unwrap_or(i64::MAX),
        commitment: leaf.commitment,
        resident: event.resident.map(|resident| *resident.as_bytes()),
        sealed_body: sealed.into(),
        created_at: caller.now.0,
        number: Some((number.lane, number.count)),
        tag: number.tag,
    };
    Ok(leaf::insert(tx, &row)?)
}

/// Seals the body of an event that the ledger has already, as [`append`] would have: for a restore.
///
/// # Errors
/// `Key` when sealing fails.
pub(crate) fn seal_body(
    platform: &Platform,
    caller: &Caller,
    event: &[u8; 16],
    key: &[u8; 32],
    canonical: &[u8],
) -> Result<Vec<u8>, Fault> {
    let body = [&key[..], canonical].concat();
    Ok(platform.keys.seal(Domain::Audit, &slot(event), None, &body, &*caller.entropy)?.into())
}

/// Reads an event's commitment key and canonical bytes back.
///
/// # Errors
/// `Key` when the sealed body is another event's.
pub fn open_body(platform: &Platform, event: &[u8; 16], sealed: &[u8]) -> Result<([u8; 32], Vec<u8>), Fault> {
    let (key, canonical, _) = open_whole(&platform.keys, event, sealed)?;
    Ok((key, canonical))
}

/// An event's commitment key, its canonical bytes, and what is kept apart from them.
pub type Whole = ([u8; 32], Vec<u8>, Option<Vec<u8>>);

/// As [`open_body`], with what is kept apart: for auditors.
///
/// # Errors
/// As [`open_body`]; `StoredData` when what is kept apart is not what the event says.
pub fn open_whole(keys: &KeyRing, event: &[u8; 16], sealed: &[u8]) -> Result<Whole, Fault> {
    let plain = keys.open_sealed(Domain::Audit, &slot(event), None, sealed)?;
    let (key, rest) = plain.split_first_chunk::<32>().ok_or_else(|| Fault::stored_data("leaf body too short"))?;
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let canonical = parts.next().unwrap_or_default().to_vec();
    Ok((*key, canonical, parts.next().map(<[u8]>::to_vec)))
}

/// What is kept apart, with a salt: its digest tells nothing to whoever guesses.
fn keep_apart(apart: &Value, caller: &Caller) -> Result<Vec<u8>, Fault> {
    let salt: [u8; 16] = caller.random();
    let whole = json!({"apart": apart, "salt": lionrock_wire::jose::encode(&salt)});
    Ok(serde_json::to_vec(&whole)?)
}

fn canonical(event: &Event, caller: &Caller, apart: Option<&[u8]>) -> Result<Vec<u8>, Fault> {
    if let Some(apart) = apart {
        let whole = json!({
            "apart": lionrock_wire::jose::encode(&sha256(apart)),
            "at": caller.now.0,
            "body": event.body,
            "kind": event.kind,
            "resident": event.resident.map(|id| id.to_string()),
            "trace": caller.trace.to_string(),
        });
        return Ok(serde_json::to_vec(&whole)?);
    }
    // Written in alphabetical order: the bytes must not depend on whether the JSON library sorts or keeps the order.
    let whole = json!({
        "at": caller.now.0,
        "body": event.body,
        "kind": event.kind,
        "resident": event.resident.map(|id| id.to_string()),
        "trace": caller.trace.to_string(),
    });
    Ok(serde_json::to_vec(&whole)?)
}

const fn slot(event: &[u8; 16]) -> Slot<'_> {
    Slot { table: "leaf", column: "sealed_body", row: event, resident: &NOBODY, schema: 1, version: 1 }
}

/// The resident part of a slot that is about nobody.
pub const NOBODY: [u8; 16] = [0; 16];
