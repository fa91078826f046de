//! The published ledger as a restore reads it: checked as a whole first, then entry by entry.

use super::journal::{self, Body};
use super::{Progress, Trouble};
use crate::ledger::FOLDER;
use lionrock_crypto::hpke::KeyPair;
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::leaf::Leaf;
use lionrock_ledger::note::Verifier;
use lionrock_ledger::source::{self, Directory, Source as _};
use lionrock_ledger::tile::{self, Level, Resource};
use lionrock_ledger::verify::{Finding, Log};
use std::path::{Path, PathBuf};

/// A published ledger with its journal.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    journal: PathBuf,
    origin: String,
    /// What the ledger is now.
    pub checkpoint: Checkpoint,
    /// The same, as signed.
    pub note: String,
}

impl History {
    /// Opens a copy of the published ledger and checks all of it: it must be signed by `known` keys, and continue what the
    /// backup knew of it. `place` is the ledger's folder with the journal beside it, or the folder that holds both.
    ///
    /// # Errors
    /// [`Trouble::Ledger`] with what does not fit.
    pub fn open(
        place: &Path,
        origin: &str,
        known: Vec<Verifier>,
        backup: &Checkpoint,
        progress: &Progress,
    ) -> Result<Self, Trouble> {
        let inner = place.join(FOLDER);
        let folder = if !place.join(tile::CHECKPOINT).exists() && inner.is_dir() { inner } else { place.to_path_buf() };
        let whole = std::path::absolute(&folder).map_err(|error| Trouble::place(place, &error))?;
        let journal = whole.parent().unwrap_or(place).join(journal::FOLDER);
        let log = Log { source: Directory::new(&folder), origin: origin.to_owned(), known };
        let wrong = |why: &dyn std::fmt::Display| Trouble::ledger(&folder, why);
        let report = log.verify(None, &mut |done, all| progress("ledger", done, all)).map_err(|error| wrong(&error))?;
        if let Some(finding) = report.findings.first() {
            return Err(wrong(finding));
        }
        if backup.size > 0 {
            match log.continues(backup).map_err(|error| wrong(&error))? {
                Ok(_) => {}
                Err(Finding::Older { kept, found }) => {
                    return Err(wrong(&format!("it has {found} entries, the backup was made at {kept}")));
                }
                Err(Finding::Forked(size)) => {
                    return Err(wrong(&format!("its first {size} entries are others than the backup's")));
                }
                Err(other) => return Err(wrong(&other)),
            }
        }
        let checkpoint = report.checkpoint.ok_or_else(|| wrong(&"it has no checkpoint"))?;
        let note = log.source.read(tile::CHECKPOINT).map_err(|error| wrong(&error))?.unwrap_or_default();
        let note = String::from_utf8(note).map_err(|_| wrong(&"its checkpoint is no text"))?;
        Ok(Self { folder, journal, origin: origin.to_owned(), checkpoint, note })
    }

    /// The journal's folder.
    #[must_use]
    pub fn journal(&self) -> &Path {
        &self.journal
    }

    /// The bundle of entries that holds entry `index`, from that entry on.
    ///
    /// # Errors
    /// [`Trouble::Ledger`] when it is missing or damaged.
    pub fn entries(&self, index: u64) -> Result<Vec<Leaf>, Trouble> {
        let wrong = |why: String| Trouble::ledger(&self.folder, why);
        let width = tile::WIDTH as u64;
        let resource = tile::at(0, index / width, self.checkpoint.size)
            .map(|tile| Resource { level: Level::Entries, ..tile })
            .ok_or_else(|| wrong(format!("it has no entry {index}")))?;
        let bytes = source::read(&Directory::new(&self.folder), resource).map_err(|error| wrong(error.to_string()))?;
        let bytes = bytes.ok_or_else(|| wrong(format!("{resource} is missing")))?;
        let entries =
            tile::entries_of(&bytes, resource.width).ok_or_else(|| wrong(format!("{resource} is damaged")))?;
        let skip = usize::try_from(index % width).unwrap_or(usize::MAX);
        let decoded = entries.into_iter().skip(skip).map(Leaf::decode).collect::<Result<Vec<_>, _>>();
        decoded.map_err(|error| wrong(format!("{resource}: {error}")))
    }

    /// The body of an entry that revokes; `None` for entries of other kinds.
    ///
    /// # Errors
    /// [`Trouble::JournalMissing`]; [`Trouble::JournalWrong`] when the entry does not commit to the body.
    pub fn revocation(&self, index: u64, leaf: &Leaf, custodians: &[KeyPair]) -> Result<Option<Body>, Trouble> {
        if !journal::KINDS.contains(&leaf.kind.as_str()) {
            return Ok(None);
        }
        let body = journal::read(&self.journal, &self.origin, index, &leaf.event, custodians)?;
        let body = body.ok_or_else(|| Trouble::JournalMissing {
            path: self.journal.clone(),
            count: 1,
            first: format!("entry {index}, {}", leaf.kind.as_str()),
        })?;
        if !leaf.opens(&body.key, &body.canonical) {
            return Err(Trouble::JournalWrong { path: journal::file(&self.journal, index) });
        }
        Ok(Some(body))
    }

    /// Checks that every revocation from entry `from` on has its body; how many there are.
    ///
    /// # Errors
    /// [`Trouble::JournalMissing`] with how many are missing; [`Trouble::JournalWrong`].
    pub fn check_journal(&self, from: u64, custodians: &[KeyPair]) -> Result<u64, Trouble> {
        let (mut found, mut missing, mut first) = (0, 0, None);
        let mut index = from;
        while index < self.checkpoint.size {
            for leaf in self.entries(index)? {
                match self.revocation(index, &leaf, custodians) {
                    Ok(body) => found += u64::from(body.is_some()),
                    Err(Trouble::JournalMissing { first: what, .. }) => {
                        missing += 1;
                        first.get_or_insert(what);
                    }
                    Err(other) => return Err(other),
                }
                index += 1;
            }
        }
        match first {
            None => Ok(found),
            Some(first) => Err(Trouble::JournalMissing { path: self.journal.clone(), count: missing, first }),
        }
    }
}
