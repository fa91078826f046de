//! Making a backup, while everything else goes on.
//!
//! One read transaction gives one consistent state, page after page; what is written is sealed before it reaches the disk. Files
//! grow under another name and are renamed when they are whole and on the disk: first the data, then the keys, then the
//! ledger is told. Whatever breaks off in between leaves the earlier backup as good as it was.

use super::file::{Header, Writer, Written};
use super::rows::{Counts, Frames};
use super::{DATA, KEYS, Progress, Trouble, copies, hex};
use crate::audit::{self, Event};
use crate::boot::wrapped;
use crate::ledger::{origin, receipt};
use crate::{Caller, Fault, Platform};
use lionrock_crypto::backup::Custodian;
use lionrock_crypto::ring::Signer;
use lionrock_ledger::hash::Hash;
use lionrock_model::time::Millis;
use lionrock_store::{Tx, backup, failpoint, key_ring, log_head};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The data file, whole.
    pub data: PathBuf,
    /// The key file.
    pub keys: PathBuf,
    /// Bytes of both files.
    pub bytes: u64,
    /// Rows of each table, and keys.
    pub counts: Counts,
    /// The signed statement.
    pub statement: String,
    /// The event whose body holds its digest.
    pub event: [u8; 16],
}

/// Makes a backup in `folder`. It works beside a running server as well as in it.
///
/// # Errors
/// [`Trouble`]; nothing half-written stays, and the earlier backup stays as it was.
pub async fn create(
    platform: &Arc<Platform>,
    caller: &Caller,
    custodian: Custodian,
    folder: &Path,
    progress: Progress,
) -> Result<Made, Trouble> {
    let desk = Desk::open(folder)?;
    // Before anything is read: an account that ends from now on knows of this copy of its key.
    let noted = copies::note(platform, custodian, folder).await?;
    let (owned, who, place) = (Arc::clone(platform), caller.clone(), folder.to_path_buf());
    let drafts = platform.store.read(move |tx| write_all(tx, &owned, &who, custodian, &place, &progress)).await?;
    failpoint::reach("backup-written");
    let placed = desk.place(&drafts)?;
    failpoint::reach("backup-placed");
    let claims = claims(platform, caller, &drafts, &placed);
    let statement = receipt::sign(platform, &claims)?;
    let body = json!({
        "custodian": drafts.data.header.custodian,
        "data": said(&drafts.data.written),
        "keys": said(&drafts.keys.written),
        "receipt": receipt::digest(&statement),
        "rows": drafts.data.counts,
        "size": drafts.data.header.size,
        "statement": statement,
    });
    let (owned, who) = (Arc::clone(platform), caller.clone());
    let event = platform
        .store
        .write(move |tx| {
            // Keys may have been turned while this ran: nothing is sealed under one that is about to be destroyed.
            let stored: Vec<_> = key_ring::all(tx)?.into_iter().map(wrapped).collect();
            owned.keys.adopt_holding(&stored, &key_ring::held(tx)?)?;
            noted.written(tx, &who)?;
            audit::append(tx, &owned, &who, &Event::new("backup.created", None, body.clone()))
        })
        .await?;
    let mut counts = drafts.data.counts;
    counts.extend(drafts.keys.counts);
    let bytes = drafts.data.written.bytes + drafts.keys.written.bytes;
    Ok(Made { data: placed, keys: folder.join(KEYS), bytes, counts, statement, event })
}

/// A file that is written and not yet in its place.
pub(super) struct Draft {
    path: PathBuf,
    pub(super) header: Header,
    pub(super) written: Written,
    counts: Counts,
}

struct Drafts {
    data: Draft,
    keys: Draft,
    at: Millis,
}

fn write_all(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    custodian: Custodian,
    folder: &Path,
    progress: &Progress,
) -> Result<Drafts, Trouble> {
    let data = header(tx, platform, caller, custodian, "data")?;
    let total = backup::data_tables().map(|table| backup::count(tx, table)).sum::<Result<u64, _>>()?;
    let path = folder.join(format!(".data.{PART}"));
    let mut frames = Frames::new(Writer::create(&path, &data, &custodian, &*caller.entropy)?);
    let mut done = 0;
    for table in backup::data_tables() {
        done += write_table(tx, &mut frames, table, &mut |rows| progress("rows", done + rows, total))?;
    }
    each_key(tx, |id, key| frames.print(id, &platform.keys.resident_print(id, key).map_err(Fault::from)?))?;
    let (written, counts) = frames.finish(|digest| signed(platform, digest))?;
    let data = Draft { path, header: data, written, counts };
    Ok(Drafts { data, keys: write_keys(tx, platform, caller, custodian, folder)?, at: caller.now })
}

fn signed(platform: &Platform, digest: &[u8; 32]) -> Result<Vec<u8>, Fault> {
    Ok(platform.keys.signer(Signer::Receipt)?.1.sign(digest)?)
}

/// The wrapped keys of the ring and of everybody who has an account at this moment.
pub(super) fn write_keys(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    custodian: Custodian,
    folder: &Path,
) -> Result<Draft, Trouble> {
    let keys = header(tx, platform, caller, custodian, "keys")?;
    let path = folder.join(format!(".keys.{PART}"));
    let mut frames = Frames::new(Writer::create(&path, &keys, &custodian, &*caller.entropy)?);
    write_table(tx, &mut frames, "key_ring", &mut |_| {})?;
    each_key(tx, |id, key| frames.key(id, key))?;
    let (written, counts) = frames.finish(|digest| signed(platform, digest))?;
    Ok(Draft { path, header: keys, written, counts })
}

/// Goes through the wrapped keys of residents, in the order of their ids.
fn each_key(tx: &mut Tx<'_>, mut take: impl FnMut(&[u8; 16], &[u8]) -> Result<(), Trouble>) -> Result<(), Trouble> {
    let mut last = None;
    loop {
        let page = backup::resident_keys(tx, last)?;
        let Some((id, _)) = page.last() else { return Ok(()) };
        last = Some(*id);
        page.iter().try_for_each(|(id, key)| take(id.as_bytes(), key))?;
    }
}

fn write_table(
    tx: &mut Tx<'_>,
    frames: &mut Frames,
    table: &'static str,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Trouble> {
    frames.table(table, backup::columns(table)?)?;
    let mut rows = 0;
    let mut last: Option<Vec<lionrock_store::Value>> = None;
    loop {
        let mut page = backup::page(tx, table, last.as_deref())?;
        page.iter().try_for_each(|row| frames.row(row))?;
        rows += page.len() as u64;
        progress(rows);
        failpoint::reach("backup-writing");
        last = page.pop();
        if last.is_none() {
            return Ok(rows);
        }
    }
}

fn header(
    tx: &mut Tx<'_>,
    platform: &Platform,
    caller: &Caller,
    custodian: Custodian,
    part: &str,
) -> Result<Header, Trouble> {
    let head = log_head::read(tx)?;
    let ring = key_ring::all(tx)?.into_iter().map(|entry| format!("{}/{}", entry.name, entry.epoch)).collect();
    Ok(Header {
        created_at: caller.now.0,
        custodian: hex(&custodian.id()),
        origin: origin(platform),
        part: part.to_owned(),
        realm: platform.settings.realm.to_string(),
        ring,
        root: head.as_ref().map(|head| Hash(head.root).to_base64()).unwrap_or_default(),
        schema: backup::schema(),
        size: head.as_ref().map_or(0, |head| head.size),
        checkpoint: head.map(|head| head.checkpoint),
    })
}

pub(super) fn said(written: &Written) -> Value {
    json!({"bytes": written.bytes, "sha256": hex(&written.digest)})
}

fn claims(platform: &Platform, caller: &Caller, drafts: &Drafts, placed: &Path) -> Value {
    json!({
        "custodian": drafts.data.header.custodian,
        "data": said(&drafts.data.written),
        "iat": caller.now.seconds(),
        "iss": platform.settings.issuer,
        "keys": said(&drafts.keys.written),
        "ledger": drafts.data.header.size,
        "name": placed.file_stem().and_then(|name| name.to_str()),
        "realm": platform.settings.realm.to_string(),
        "rows": drafts.data.counts.values().sum::<u64>(),
        "taken": drafts.at.0,
        "what": "backup",
    })
}

/// How names of unfinished files end.
const PART: &str = "part";
/// The earlier key file, on its way to being overwritten.
const OLD: &str = ".keys.old";

/// The folder, held by one backup at a time. Unfinished files are removed when it is let go.
pub(super) struct Desk {
    folder: PathBuf,
    _lock: File,
}

impl Desk {
    pub(super) fn open(folder: &Path) -> Result<Self, Trouble> {
        let lock = folder.join(".lock");
        let open = || {
            fs::create_dir_all(folder)?;
            File::options().create(true).truncate(false).write(true).open(&lock)
        };
        let file = open().map_err(|error| Trouble::place(folder, &error))?;
        if file.try_lock().is_err() {
            return Err(Trouble::Busy { path: folder.to_path_buf() });
        }
        let desk = Self { folder: folder.to_path_buf(), _lock: file };
        // What a backup that was killed left behind.
        desk.sweep();
        if folder.join(OLD).exists() {
            // Killed while the earlier keys were being put away: they are still the newest when no others came.
            if folder.join(KEYS).exists() { desk.destroy_old()? } else { desk.rename(OLD, KEYS)? }
        }
        Ok(desk)
    }

    /// Gives the files their names: data first, so that whatever is there opens with the keys that are there.
    fn place(&self, drafts: &Drafts) -> Result<PathBuf, Trouble> {
        let name = format!("{}-{}-{}.{DATA}", drafts.data.header.realm, stamp(drafts.at), drafts.data.header.size);
        let target = self.folder.join(&name);
        fs::rename(&drafts.data.path, &target).map_err(|error| Trouble::place(&target, &error))?;
        self.sync()?;
        failpoint::reach("backup-data-placed");
        self.place_keys(&drafts.keys)?;
        Ok(target)
    }

    /// Replaces the keys, and overwrites those before.
    pub(super) fn place_keys(&self, draft: &Draft) -> Result<(), Trouble> {
        let keys = self.folder.join(KEYS);
        if keys.exists() {
            // A second name for the earlier keys, so that they can be overwritten once they are replaced.
            fs::hard_link(&keys, self.folder.join(OLD)).map_err(|error| Trouble::place(&keys, &error))?;
        }
        fs::rename(&draft.path, &keys).map_err(|error| Trouble::place(&keys, &error))?;
        self.sync()?;
        failpoint::reach("backup-keys-placed");
        if self.folder.join(OLD).exists() {
            self.destroy_old()?;
        }
        Ok(())
    }

    /// Overwrites the earlier key file before its last name goes.
    fn destroy_old(&self) -> Result<(), Trouble> {
        use std::io::Write as _;
        let path = self.folder.join(OLD);
        // A crash between link and rename leaves two names of one file: then only the extra name goes.
        let same = || -> std::io::Result<bool> {
            use std::os::unix::fs::MetadataExt as _;
            Ok(fs::metadata(&path)?.ino() == fs::metadata(self.folder.join(KEYS))?.ino())
        };
        let overwrite = || -> std::io::Result<()> {
            if !same()? {
                let mut left = fs::metadata(&path)?.len();
                let mut file = File::options().write(true).open(&path)?;
                let zeros = [0; 64 * 1024];
                while left > 0 {
                    let now = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
                    file.write_all(zeros.get(..now).unwrap_or_default())?;
                    left -= now as u64;
                }
                file.sync_all()?;
            }
            fs::remove_file(&path)
        };
        overwrite().map_err(|error| Trouble::place(&path, &error))?;
        self.sync()
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Trouble> {
        let to = self.folder.join(to);
        fs::rename(self.folder.join(from), &to).map_err(|error| Trouble::place(&to, &error))
    }

    fn sync(&self) -> Result<(), Trouble> {
        let folder = File::open(&self.folder).and_then(|folder| folder.sync_all());
        folder.map_err(|error| Trouble::place(&self.folder, &error))
    }

    fn sweep(&self) {
        for name in [format!(".data.{PART}"), format!(".keys.{PART}")] {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// `20261123T140705Z`.
fn stamp(at: Millis) -> String {
    let text = at.timestamp().map(|time| time.to_string()).unwrap_or_default();
    let seconds = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Fault(fault) => fault,
            other => Self::outside(other.to_string()),
        }
    }
}
