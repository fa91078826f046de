//! Putting a backup back into an empty store.
//!
//! Everything is checked before the first row is written: both files from their first byte to their last, the root key, the
//! whole ledger, every revocation since. Then rows, keys and the ledger's later entries go in, what was revoked since is revoked
//! again, and only the last transaction makes the store one that serves. A restore that breaks off is never served; it
//! is begun again.

use super::agreement::{Prints, ours, ring_entries, turned};
use super::file::{Header, Reader};
use super::history::History;
use super::journal::Body;
use super::replay::{self, Replayed};
use super::rows::{Content, Counts, Frame, KEYS as KEY_COUNT, Seal};
use super::{DATA, KEYS, Progress, Trouble};
use crate::access::lane;
use crate::audit::{self, Event};
use crate::authority::restored;
use crate::ledger::{encode, receipt, verifiers};
use crate::{Caller, Fault, Platform, boot, erasure, freshness};
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::ring::{KeyRing, Root};
use lionrock_ledger::checkpoint::{self, Checkpoint};
use lionrock_ledger::hash::Hash;
use lionrock_ledger::index::Index;
use lionrock_ledger::leaf::Leaf;
use lionrock_ledger::tag::Tag;
use lionrock_ledger::tree::Frontier;
use lionrock_model::id::ResidentId;
use lionrock_store::log_head::Head;
use lionrock_store::{Store, Tx, Value, backup, failpoint, leaf, log_head, resident, restore as mark};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to restore, and with which keys.
pub struct Order<'a> {
    /// The folder with the backup.
    pub from: &'a Path,
    /// Which data file, when the folder holds several: its name without the ending.
    pub name: Option<&'a str>,
    /// The custodian's keys: today's, and earlier ones that files were sealed to.
    pub custodians: Vec<KeyPair>,
    /// A copy of the published ledger, with the journal beside it.
    pub ledger: &'a Path,
    /// The root of all keys.
    pub root: &'a Root,
    /// The realm of the configuration.
    pub realm: String,
    /// The issuer of the configuration.
    pub issuer: String,
    /// An empty store.
    pub store: Store,
}

/// A restore that is done.
#[derive(Debug)]
pub struct Restored {
    /// The platform over the filled store.
    pub platform: Arc<Platform>,
    /// Rows of each table, and keys, as they were in the backup.
    pub counts: Counts,
    /// The data file.
    pub data: PathBuf,
    /// When the backup was made, Unix milliseconds.
    pub taken_at: i64,
    /// Entries of the ledger when it was made, and now.
    pub ledger: (u64, u64),
    /// Bytes of content that were read.
    pub plain: u64,
    /// What was taken away again.
    pub replayed: Replayed,
    /// The signed statement.
    pub statement: String,
    /// The event whose body holds its digest.
    pub event: [u8; 16],
}

/// Restores a backup. `make` builds the platform over the store and the opened ring.
///
/// # Errors
/// [`Trouble`]: what is wrong, and what to do. Before the first row nothing was changed; afterwards the store stays
/// marked as unfinished.
pub async fn restore(
    order: Order<'_>,
    caller: &Caller,
    progress: &Progress,
    make: impl FnOnce(Store, KeyRing) -> Platform,
) -> Result<Restored, Trouble> {
    let origin = checkpoint::origin(&order.realm, &order.issuer);
    let data = choose(order.from, order.name)?;
    let keys = order.from.join(KEYS);
    let (header, id) = agree(&data, &keys, &order, &origin)?;
    let (key_counts, entries, seal) = ring_entries(&keys, &order.custodians)?;
    turned(&header, &entries)?;
    let ring = boot::open(order.root, &order.realm, &entries)?;
    // Anybody who knows the custodian's public key can seal to it. Only the platform can sign.
    ours(&ring, &keys, seal.as_ref())?;
    let mut judge = Prints::open(&ring, &keys, &order.custodians)?;
    let (counts, plain, seal) = check(&data, &order.custodians, "data", progress, &mut judge)?;
    ours(&ring, &data, seal.as_ref())?;
    let platform = Arc::new(make(order.store, ring));
    let known = verifiers(&platform)?;
    let root = Hash::from_base64(&header.root).unwrap_or_else(Hash::of_nothing);
    let kept = Checkpoint { origin: origin.clone(), size: header.size, root };
    let history = History::open(order.ledger, &origin, known, &kept, progress)?;
    history.check_journal(header.size, &order.custodians)?;

    empty(&platform, &id, caller).await?;
    import(&platform, &data, &order.custodians, counts.values().sum(), progress).await?;
    import_keys(&platform, &keys, &order.custodians).await?;
    failpoint::reach("restore-imported");
    let mut tree = known_entries(&platform, &header).await?;
    let replayed = later_entries(&platform, &history, &mut tree, &order.custodians, caller, progress).await?;
    failpoint::reach("restore-replayed");
    while erasure::resume(&platform, caller).await? > 0 {}
    let renewed = reconcile(&platform, caller).await?;
    let replayed = Replayed { certificates: restored::end_signing(&platform, caller).await?, ..replayed };
    failpoint::reach("restore-certificates");
    let mut counts = counts;
    counts.extend(key_counts);
    let ledger = (header.size, history.checkpoint.size);
    let summary = Summary { header: &header, counts: &counts, ledger, replayed, renewed };
    let (statement, event) = finish(&platform, caller, &summary).await?;
    let taken_at = header.created_at;
    Ok(Restored { platform, counts, data, taken_at, ledger, plain, replayed, statement, event })
}

/// The data file: the one named, or the newest that is no newer than the keys: a backup that was killed before its keys were in
/// place leaves the one before it good.
fn choose(from: &Path, name: Option<&str>) -> Result<PathBuf, Trouble> {
    if let Some(name) = name {
        return Ok(from.join(format!("{}.{DATA}", name.trim_end_matches(&format!(".{DATA}")))));
    }
    let read = std::fs::read_dir(from).map_err(|error| Trouble::place(from, &error))?;
    let paths = read.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == DATA)).collect();
    // Hidden names are of files that are still being written.
    found.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    found.sort();
    let keys = Reader::header(&from.join(KEYS))?;
    let fits = |path: &&PathBuf| Reader::header(path).is_ok_and(|header| !newer(&header, &keys));
    let chosen = found.iter().rev().find(fits).or(found.last()).cloned();
    chosen.ok_or_else(|| Trouble::Choose { path: from.to_path_buf() })
}

fn newer(data: &Header, keys: &Header) -> bool {
    (data.size, data.created_at) > (keys.size, keys.created_at)
}

/// Do both files belong together, and to this deployment and program? The header of the data, and its id.
fn agree(data: &Path, keys: &Path, order: &Order<'_>, origin: &str) -> Result<(Header, [u8; 32]), Trouble> {
    for (path, part) in [(data, "data"), (keys, "keys")] {
        let header = Reader::header(path)?;
        if header.part != part {
            return Err(Trouble::NotABackup { path: path.to_path_buf() });
        }
        if header.realm != order.realm || header.origin != origin {
            return Err(Trouble::Foreign { found: header.origin, asked: origin.to_owned() });
        }
        if header.schema != backup::schema() {
            return Err(Trouble::Schema { found: header.schema, known: backup::schema() });
        }
    }
    // From here on the headers are those that were sealed.
    let (data, keys) = (Reader::open(data, &order.custodians)?, Reader::open(keys, &order.custodians)?);
    if newer(&data.header, &keys.header) {
        return Err(Trouble::KeysOlder);
    }
    Ok((data.header, data.id))
}

/// Reads a file to its end: every byte is the one written, every row is one of a known table.
fn check(
    path: &Path,
    custodians: &[KeyPair],
    what: &'static str,
    progress: &Progress,
    prints: &mut Prints<'_>,
) -> Result<(Counts, u64, Option<Seal>), Trouble> {
    let total = std::fs::metadata(path).map_err(|error| Trouble::place(path, &error))?.len();
    let mut content = Content::new(Reader::open(path, custodians)?);
    let mut last = 0;
    while let Some(frame) = content.frame()? {
        if let Frame::Table(name, columns) = &frame
            && backup::columns(name).ok() != Some(columns.as_slice())
        {
            return Err(content.reader.wrong("it holds a table this program does not know"));
        }
        if let Frame::Print(id, print) = &frame {
            prints.compare(id, print)?;
        }
        if content.reader.position() > last {
            last = content.reader.position();
            progress(what, last, total);
        }
    }
    prints.judge()?;
    Ok((content.counts().clone(), content.reader.position(), content.seal().cloned()))
}

/// Makes sure the store is empty, or holds only what a restore that broke off left, and marks it.
async fn empty(platform: &Arc<Platform>, id: &[u8; 32], caller: &Caller) -> Result<(), Trouble> {
    let (id, now) = (*id, caller.now.0);
    let begun = platform.store.read(mark::read).await?.is_some_and(|restore| restore.done_at.is_none());
    if !begun && !platform.store.read(backup::is_empty).await? {
        return Err(Trouble::NotEmpty);
    }
    platform.store.write(move |tx| mark::begin(tx, &id, now)).await?;
    while platform.store.write(backup::clear_some).await? {}
    Ok(())
}

/// Rows in one transaction.
const BATCH: usize = 1000;

async fn import(
    platform: &Arc<Platform>,
    path: &Path,
    custodians: &[KeyPair],
    total: u64,
    progress: &Progress,
) -> Result<(), Trouble> {
    let mut content = Content::new(Reader::open(path, custodians)?);
    let mut table = String::new();
    let (mut rows, mut done) = (Vec::new(), 0);
    while let Some(frame) = content.frame()? {
        match frame {
            Frame::Table(name, _) => {
                insert(platform, &table, std::mem::take(&mut rows)).await?;
                table = name;
            }
            Frame::Row(row) => {
                rows.push(row);
                if rows.len() == BATCH {
                    done += BATCH as u64;
                    insert(platform, &table, std::mem::take(&mut rows)).await?;
                    progress("rows", done, total);
                }
            }
            Frame::Key(..) => return Err(content.reader.wrong("a data file holds no keys")),
            Frame::Print(..) => {}
        }
    }
    insert(platform, &table, rows).await
}

async fn insert(platform: &Arc<Platform>, table: &str, rows: Vec<Vec<Value>>) -> Result<(), Trouble> {
    if rows.is_empty() {
        return Ok(());
    }
    let table = table.to_owned();
    platform.store.write(move |tx| backup::insert(tx, &table, &rows)).await?;
    failpoint::reach("restore-importing");
    Ok(())
}

/// The ring's keys, and each open account's.
async fn import_keys(platform: &Arc<Platform>, path: &Path, custodians: &[KeyPair]) -> Result<(), Trouble> {
    let mut content = Content::new(Reader::open(path, custodians)?);
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    while let Some(frame) = content.frame()? {
        match frame {
            Frame::Row(row) => rows.push(row),
            Frame::Key(id, key) => keys.push((id, key)),
            Frame::Table(..) | Frame::Print(..) => {}
        }
        if keys.len() == BATCH {
            give(platform, std::mem::take(&mut keys)).await?;
        }
    }
    give(platform, keys).await?;
    insert(platform, "key_ring", rows).await
}

async fn give(platform: &Arc<Platform>, keys: Vec<([u8; 16], Vec<u8>)>) -> Result<(), Trouble> {
    let work = move |tx: &mut Tx<'_>| {
        for (id, key) in &keys {
            let id = ResidentId::from_bytes(id).map_err(|_| Fault::stored_data("a resident's id in a backup"))?;
            // Whoever registered after this data file was written has a key and no row.
            backup::give_key(tx, id, key)?;
        }
        Ok::<_, Fault>(())
    };
    Ok(platform.store.write(work).await?)
}

/// The tree of the entries that came with the backup: it must be the one the backup was made at.
async fn known_entries(platform: &Arc<Platform>, header: &Header) -> Result<Frontier, Trouble> {
    let mut tree = Frontier::new();
    while tree.size() < header.size {
        let from = tree.size();
        let entries = platform.store.read(move |tx| leaf::from_place(tx, from, 1024)).await?;
        if entries.is_empty() {
            return Err(Trouble::Rows);
        }
        for (entry, place) in entries.iter().zip(from..).take_while(|(_, place)| *place < header.size) {
            if entry.position != Some(place) {
                return Err(Trouble::Rows);
            }
            tree.push(Hash::of_entry(&encode(entry)?));
        }
    }
    let fits = header.size == 0 || tree.root().to_base64() == header.root;
    if fits { Ok(tree) } else { Err(Trouble::Rows) }
}

/// One entry of the ledger on its way into the store.
#[derive(Clone)]
struct Later {
    index: u64,
    leaf: Leaf,
    body: Option<Arc<Body>>,
    /// Whose entry it is, found by its tag.
    number: Option<([u8; 16], i64)>,
}

/// Puts the ledger's later entries into the store, takes away again what they took away, and writes the head.
async fn later_entries(
    platform: &Arc<Platform>,
    history: &History,
    tree: &mut Frontier,
    custodians: &[KeyPair],
    caller: &Caller,
    progress: &Progress,
) -> Result<Replayed, Trouble> {
    let mut replayed = Replayed::default();
    let mut certificates = Vec::new();
    let mut tagged = platform.store.read(leaf::any_tag).await?;
    let end = history.checkpoint.size;
    let owned = rejoin(platform, history, tree.size()).await?;
    while tree.size() < end {
        let mut batch = Vec::new();
        for leaf in history.entries(tree.size())? {
            let index = tree.size();
            tagged |= leaf.tag.is_some() || leaf.kind.as_str() == lionrock_ledger::index::KIND;
            let body = history.revocation(index, &leaf, custodians)?.map(Arc::new);
            if let Some(body) = body.as_ref().filter(|_| restored::KINDS.contains(&leaf.kind.as_str())) {
                certificates.push(serde_json::from_slice(&body.canonical).map_err(Fault::from)?);
            }
            tree.push(Hash::of_entry(&leaf.encode()));
            let number = leaf.tag.and_then(|tag| owned.get(&tag).copied());
            batch.push(Later { index, leaf, body, number });
        }
        let (owned, by) = (Arc::clone(platform), caller.clone());
        let done = platform.store.write(move |tx| adopt(tx, &owned, &by, &batch)).await?;
        replayed.erasures += done.erasures;
        replayed.revocations += done.revocations;
        progress("replay", tree.size(), end);
        failpoint::reach("restore-replaying");
    }
    if tree.root() != history.checkpoint.root {
        return Err(Trouble::Rows);
    }
    replayed.revocations += restored::replay(platform, certificates).await?;
    let head = Head {
        version: 1,
        size: tree.size(),
        root: tree.root().0,
        frontier: tree.to_bytes(),
        checkpoint: history.note.clone(),
        signed_at: caller.now.0,
        // The index of tags is built again with the next entry.
        tags: Some(Index::default().to_bytes()).filter(|_| tagged),
    };
    platform.store.write(move |tx| log_head::insert(tx, &head)).await?;
    Ok(replayed)
}

/// Whose the later entries of the log are: the lanes that came with the backup know which tag comes next. Lanes are set
/// forward before anything is written, so that no number is given twice.
async fn rejoin(
    platform: &Arc<Platform>,
    history: &History,
    from: u64,
) -> Result<HashMap<Tag, ([u8; 16], i64)>, Trouble> {
    let mut next = HashMap::new();
    let mut after = Vec::new();
    loop {
        let begin = after.clone();
        let page = platform.store.read(move |tx| lionrock_store::lane::page(tx, &begin, 1024)).await?;
        let Some(last) = page.last() else { break };
        after = last.id.to_vec();
        for lane in page {
            if let Some(tag) = lane::tag(&platform.keys, &lane.id, lane.count + 1)? {
                next.insert(tag, (lane.id, lane.count + 1));
            }
        }
    }
    let (mut found, mut counts) = (HashMap::new(), HashMap::new());
    let mut index = from;
    while index < history.checkpoint.size {
        for leaf in history.entries(index)? {
            index += 1;
            let Some((lane, number)) = leaf.tag.and_then(|tag| next.remove(&tag)) else { continue };
            found.extend(leaf.tag.map(|tag| (tag, (lane, number))));
            counts.insert(lane, number);
            if let Some(tag) = lane::tag(&platform.keys, &lane, number + 1)? {
                next.insert(tag, (lane, number + 1));
            }
        }
    }
    let mut forward = Vec::new();
    for (lane, count) in counts {
        forward.push((lane, count, lane::code(&platform.keys, &lane, count)?));
    }
    let work = move |tx: &mut Tx<'_>| {
        forward.iter().try_for_each(|(lane, count, code)| lionrock_store::lane::set_forward(tx, lane, *count, code))
    };
    platform.store.write::<(), Fault>(move |tx| Ok(work(tx)?)).await?;
    Ok(found)
}

fn adopt(tx: &mut Tx<'_>, platform: &Platform, caller: &Caller, batch: &[Later]) -> Result<Replayed, Trouble> {
    let mut replayed = Replayed::default();
    for Later { index, leaf, body, number } in batch {
        let kind = leaf.kind.as_str();
        // An entry that waited for its place when the backup was made: its effect is in the rows.
        let waited = leaf::by_event(tx, &leaf.event)?.is_some();
        let seconds = i64::try_from(leaf.time.seconds()).unwrap_or(i64::MAX);
        let mut row = leaf::NewLeaf {
            event: leaf.event,
            kind: kind.to_owned(),
            coarse_time: seconds,
            commitment: leaf.commitment,
            resident: None,
            sealed_body: Vec::new(),
            created_at: seconds.saturating_mul(1000),
            number: *number,
            tag: leaf.tag,
        };
        row.resident = number.map(|(lane, _)| lane).filter(|_| leaf.tag.is_some());
        let mut sealed = None;
        if let Some(body) = body.as_deref().filter(|_| !waited) {
            let said: serde_json::Value = serde_json::from_slice(&body.canonical).map_err(Fault::from)?;
            let id = said.get("resident").and_then(serde_json::Value::as_str);
            row.resident = id.and_then(|id| ResidentId::parse(id).ok()).map(|id| *id.as_bytes()).or(row.resident);
            row.created_at = said.get("at").and_then(serde_json::Value::as_i64).unwrap_or(row.created_at);
            sealed = Some(audit::seal_body(platform, caller, &leaf.event, &body.key, &body.canonical)?);
        }
        if !leaf::adopt(tx, &row, sealed.as_deref(), *index)? {
            return Err(Trouble::Rows);
        }
        if let Some(body) = body.as_deref().filter(|_| !waited) {
            let done = replay::replay(tx, platform, caller, kind, &leaf.event, body)?;
            replayed.erasures += done.erasures;
            replayed.revocations += done.revocations;
        }
    }
    Ok(replayed)
}

/// Rows that changed after the backup was made are behind what the ledger says of them, and would be refused as put
/// back. A restore is the one who may do that: it writes down which version stands from now on. Says how many rows.
async fn reconcile(platform: &Arc<Platform>, caller: &Caller) -> Result<u64, Trouble> {
    let (mut last, mut renewed) = (None, 0);
    loop {
        let (owned, by) = (Arc::clone(platform), caller.clone());
        let page = platform.store.write(move |tx| renew(tx, &owned, &by, last)).await?;
        renewed += page.1;
        last = page.0;
        if last.is_none() {
            // Officers whose rows are older than the ledger keep their place and lose their rights, until two others give them back.
            let (owned, by) = (Arc::clone(platform), caller.clone());
            platform.store.write(move |tx| crate::staff::house::carry_on(tx, &owned, &by)).await?;
            return Ok(renewed);
        }
    }
}

fn renew(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    after: Option<ResidentId>,
) -> Result<(Option<ResidentId>, u64), Trouble> {
    let page = backup::resident_keys(tx, after)?;
    let mut renewed = 0;
    for (id, _) in &page {
        let Some(row) = resident::find(tx, *id)?.filter(|row| row.active) else { continue };
        let Some((version, _)) = freshness::ahead(tx, platform, &row)?.filter(|(newest, _)| *newest > row.version)
        else {
            continue;
        };
        backup::set_version(tx, *id, version + 1)?;
        freshness::record(tx, platform, caller, &Event::new("record.restored", Some(*id), json!({})))?;
        renewed += 1;
    }
    Ok((page.last().map(|(id, _)| *id), renewed))
}

struct Summary<'a> {
    header: &'a Header,
    counts: &'a Counts,
    ledger: (u64, u64),
    replayed: Replayed,
    renewed: u64,
}

/// The last transaction: every open account has its key, the ledger hears of the restore, and the store may serve.
async fn finish(
    platform: &Arc<Platform>,
    caller: &Caller,
    summary: &Summary<'_>,
) -> Result<(String, [u8; 16]), Trouble> {
    let Summary { header, counts, ledger, replayed, renewed } = summary;
    let said = json!({
        "certificates_ended": replayed.certificates,
        "erased_again": replayed.erasures,
        "keys": counts.get(KEY_COUNT).copied().unwrap_or_default(),
        "ledger": ledger.1,
        "ledger_at_backup": ledger.0,
        "renewed": renewed,
        "revoked_again": replayed.revocations,
        "rows": counts.iter().filter(|(name, _)| *name != KEY_COUNT).map(|(_, count)| count).sum::<u64>(),
        "taken": header.created_at,
    });
    let claims = json!({
        "done": said,
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "realm": platform.settings.realm.to_string(),
        "what": "restore",
    });
    let statement = receipt::sign(platform, &claims)?;
    let body = json!({"done": said, "receipt": receipt::digest(&statement), "statement": statement});
    let (owned, by) = (Arc::clone(platform), caller.clone());
    let work = move |tx: &mut Tx<'_>| {
        if backup::keyless(tx)?.is_some() {
            return Err(Trouble::NoKey);
        }
        let event = audit::append(tx, &owned, &by, &Event::new("backup.restored", None, body.clone()))?;
        mark::finish(tx, by.now.0)?;
        Ok(event)
    };
    let event = platform.store.write(work).await?;
    Ok((statement, event))
}
