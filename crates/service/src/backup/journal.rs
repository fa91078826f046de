//! The journal: what was revoked, kept beside the published ledger, so that it outlives the store.
//!
//! The ledger shows that something was revoked, not what. So the body of every entry of a [kind that revokes](KINDS) is
//! also written to a file of its own, `journal/000017/000017042`, sealed to the custodian of the backups: it opens with the
//! key a restore needs anyway, and no rotation of the platform's own keys can shut it. The files are on the disk before
//! the checkpoint that covers their entries; whoever copies the ledger away copies the journal with it.

use super::Trouble;
use crate::{Fault, Platform, audit};
use lionrock_crypto::backup::{Custodian, open_message};
use lionrock_crypto::hpke::KeyPair;
use lionrock_store::leaf;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The folder below the data folder.
pub const FOLDER: &str = "journal";

/// Kinds of entries that take something away, which a restore must take away again, and those that say how a certificate stands. A new kind needs a line here and an
/// arm in [`replay`](super::replay).
pub const KINDS: &[&str] = &[
    "account.closed",
    "account.recovered",
    "authenticator.removed",
    "certificate.held",
    "certificate.issued",
    "certificate.resumed",
    "certificate.revoked",
    "consent.ended",
    "staff.ended",
];

/// The file of an entry in a journal's folder.
#[must_use]
pub fn file(folder: &Path, index: u64) -> PathBuf {
    folder.join(format!("{:06}", index / 1000)).join(format!("{index:09}"))
}

/// An opened body: the commitment's key and what it commits to.
#[derive(Debug)]
pub struct Body {
    /// The event's own key.
    pub key: [u8; 32],
    /// The event, byte for byte.
    pub canonical: Vec<u8>,
}

/// Reads the body of an entry; `None` when there is no such file.
///
/// # Errors
/// [`Trouble::JournalWrong`] when it is another entry's, damaged, or sealed to somebody else.
pub fn read(
    folder: &Path,
    origin: &str,
    index: u64,
    event: &[u8; 16],
    custodians: &[KeyPair],
) -> Result<Option<Body>, Trouble> {
    let path = file(folder, index);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Trouble::place(&path, &error)),
    };
    let wrong = || Trouble::JournalWrong { path: path.clone() };
    let sealed = bytes.strip_prefix(MAGIC).ok_or_else(wrong)?;
    let (id, sealed) = sealed.split_first_chunk::<8>().ok_or_else(wrong)?;
    let pair = custodians.iter().find(|pair| Custodian::new(*pair.public()).id() == *id);
    let pair = pair.ok_or_else(|| Trouble::WrongCustodian { path: path.clone(), sealed_to: super::hex(id) })?;
    let plain = open_message(pair, &context(origin, index, event), sealed).map_err(|_| wrong())?;
    let (key, canonical) = plain.split_first_chunk::<32>().ok_or_else(wrong)?;
    Ok(Some(Body { key: *key, canonical: canonical.to_vec() }))
}

const MAGIC: &[u8] = b"lionrock journal v1\n";
/// Name of the file that says up to which entry the journal is whole.
const UPTO: &str = "upto";
/// Entries between two writings of that file when nothing was revoked.
const STRIDE: u64 = 4096;
/// Bodies read and written at once.
const BATCH: u32 = 256;

fn context(origin: &str, index: u64, event: &[u8; 16]) -> Vec<u8> {
    [origin.as_bytes(), b"\0", &index.to_be_bytes(), event].concat()
}

/// Keeps the journal of one deployment up with its log; remembers how far it is.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    origin: String,
    custodian: Option<Custodian>,
    /// Entries looked at; none before the folder was.
    upto: Option<u64>,
    noted: u64,
}

impl Journal {
    /// The journal of this platform. Without a custodian there is none.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        Self {
            folder: platform.settings.data.join(FOLDER),
            origin: crate::ledger::origin(platform),
            custodian: platform.settings.custodian,
            upto: None,
            noted: 0,
        }
    }

    /// Writes the bodies of everything revoked before entry `size`.
    ///
    /// # Errors
    /// Of the store; `Outside` when a file cannot be written: then the checkpoint must wait.
    pub async fn bring_up(&mut self, platform: &Arc<Platform>, size: u64) -> Result<(), Fault> {
        let Some(custodian) = self.custodian else { return Ok(()) };
        let mut upto = match self.upto {
            Some(upto) => upto,
            None => {
                self.noted = self.known()?;
                self.noted
            }
        };
        let mut wrote = false;
        while upto < size {
            let from = upto;
            let found = platform.store.read(move |tx| leaf::of_kinds(tx, KINDS, from, size, BATCH)).await?;
            upto = if found.len() < BATCH as usize { size } else { upto };
            for (entry, sealed) in found {
                let index = entry.position.ok_or_else(|| Fault::stored_data("table leaf: an entry has no place"))?;
                upto = upto.max(index + 1);
                let Some(sealed) = sealed else {
                    tracing::error!(index, "an entry that revokes has no body: the journal cannot hold it");
                    continue;
                };
                let (key, canonical) = audit::open_body(platform, &entry.event, &sealed)?;
                let plain = Zeroizing::new([&key[..], &canonical].concat());
                let sealed = custodian.seal(&context(&self.origin, index, &entry.event), &plain)?;
                self.put(&file(&self.folder, index), &[MAGIC, &custodian.id(), &sealed].concat())?;
                wrote = true;
            }
        }
        if (wrote || upto >= self.noted + STRIDE) && upto != self.noted {
            self.put(&self.folder.join(UPTO), format!("{upto}\n").as_bytes())?;
            self.noted = upto;
        }
        self.upto = Some(upto);
        Ok(())
    }

    /// How far the files say they are; 0 when the folder was lost, and everything is written again.
    fn known(&self) -> Result<u64, Fault> {
        let path = self.folder.join(UPTO);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().unwrap_or(0)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(outside(&path, &error)),
        }
    }

    /// Writes a file so that it is there whole or not at all, and stays there.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
        let parent = path.parent().unwrap_or(&self.folder);
        let aside = path.with_extension("part");
        let write = || {
            if !parent.is_dir() {
                fs::create_dir_all(parent)?;
                parent.ancestors().skip(1).take(2).try_for_each(|above| File::open(above)?.sync_all())?;
            }
            let mut file = File::create(&aside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&aside, path)?;
            File::open(parent)?.sync_all()
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&aside);
            outside(path, &error)
        })
    }
}

fn outside(path: &Path, error: &io::Error) -> Fault {
    Fault::outside(format!("the journal of revocations cannot be kept: {}: {error}", path.display()))
}
