//! Publishing the committed log as static files: bundles and tiles first, the checkpoint last.
//!
//! Everything is derived from the store and written so that a crash, a full disk or a second process at any moment
//! leaves a log that verifies: files appear whole (written aside, synced, renamed) and the checkpoint that needs
//! them follows. What is missing is written again by the next round.

use super::{encode, folder, origin, post_quantum, verifiers};
use crate::backup::journal::Journal;
use crate::{Fault, Platform};
use lionrock_ledger::checkpoint::{Checkpoint, Error as CheckpointError};
use lionrock_ledger::cosign::Cosigner;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::note::{Error as NoteError, Verifier};
use lionrock_ledger::source::{self, Directory};
use lionrock_ledger::tile::{self, Level, Resource};
use lionrock_ledger::tree::Edge;
use lionrock_store::log_head::Head;
use lionrock_store::{failpoint, leaf, log_head};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Publishes one deployment's log; keeps the right edge of the tree between rounds.
#[derive(Debug)]
pub struct Publisher {
    folder: Folder,
    state: Option<State>,
    journal: Journal,
}

impl Publisher {
    /// The publisher of this platform's folder. Nothing is read or written yet.
    ///
    /// # Errors
    /// `Key` when the ring has no checkpoint key.
    pub fn new(platform: &Platform) -> Result<Self, Fault> {
        let folder = Folder::of(platform)?;
        Ok(Self { folder, state: None, journal: Journal::new(platform) })
    }

    /// Brings the files up to the committed head; returns the number of entries under the published checkpoint.
    ///
    /// # Errors
    /// `Outside` when files cannot be written (full disk, rights): the log stays as it was and the next
    /// round goes on. `StoredData` when store and published log contradict each other: a checkpoint was
    /// published that the store does not continue. Then nothing is published and nobody may sign.
    pub async fn publish(&mut self, platform: &Arc<Platform>) -> Result<u64, Fault> {
        // The files first: a head read afterwards can only be newer.
        let folder = self.folder.clone();
        let (lock, seen) = blocking(move || Ok((folder.lock()?, folder.seen()?))).await?;
        let head = platform.store.read(log_head::read).await?;
        let Some(lock) = lock else {
            return Ok(seen.map_or(0, |seen| seen.checkpoint.size)); // another process is at it
        };
        let Some(head) = head else {
            return if seen.is_none() { Ok(0) } else { Err(contradiction("the store has no log at all")) };
        };
        let done = self.bring_up(platform, seen, &head).await;
        drop(lock);
        if done.is_err() {
            self.state = None;
        }
        done.map(|()| head.size)
    }

    async fn bring_up(&mut self, platform: &Arc<Platform>, seen: Option<Seen>, head: &Head) -> Result<(), Fault> {
        if let Some(seen) = &seen {
            if seen.checkpoint.size > head.size {
                return Err(contradiction(
                    "the store ends earlier; was an older backup put back by hand? `lionrock backup restore` takes away again \
                     what was revoked since",
                ));
            }
            if seen.checkpoint.size == head.size && seen.checkpoint.root.0 != head.root {
                return Err(contradiction("the store has other entries"));
            }
            // Witnesses may have added their signatures.
            if seen.note.starts_with(head.checkpoint.as_bytes())
                && self.state.as_ref().is_some_and(|s| s.edge.size() == head.size)
            {
                return self.journal.bring_up(platform, head.size).await;
            }
        }
        // What was revoked is on the disk before the checkpoint that covers it.
        self.journal.bring_up(platform, head.size).await?;
        failpoint::reach("ledger-journal");
        let resumed = self.resume(seen.as_ref()).await?;
        let from_files = resumed.edge.size() > 0;
        match self.append(platform, resumed, seen.as_ref(), head).await? {
            Some(state) => self.finish(state, head).await,
            None if from_files => {
                tracing::warn!("the published tiles do not lead to the signed root: writing all of them again");
                let again = self.append(platform, State::default(), seen.as_ref(), head).await?;
                let state = again.ok_or_else(|| contradiction("its leaves do not lead to the root it signed"))?;
                self.finish(state, head).await
            }
            None => Err(contradiction("its leaves do not lead to the root it signed")),
        }
    }

    /// Where to go on: in memory, else from the published edge, else from the beginning.
    async fn resume(&mut self, seen: Option<&Seen>) -> Result<State, Fault> {
        let size = seen.map_or(0, |seen| seen.checkpoint.size);
        if let Some(state) = self.state.take().filter(|state| state.edge.size() == size) {
            return Ok(state);
        }
        let (Some(seen), folder) = (seen.cloned(), self.folder.clone()) else { return Ok(State::default()) };
        blocking(move || Ok(folder.edge(&seen.checkpoint).unwrap_or_default())).await
    }

    /// Writes full tiles and bundles from where `state` stands up to the head. `None` when the result is not the
    /// signed root, or another log than was published before.
    async fn append(
        &self,
        platform: &Arc<Platform>,
        mut state: State,
        seen: Option<&Seen>,
        head: &Head,
    ) -> Result<Option<State>, Fault> {
        while state.edge.size() < head.size {
            let from = state.edge.size();
            let most = u32::try_from((head.size - from).min(BATCH)).unwrap_or(u32::MAX);
            let entries = platform.store.read(move |tx| leaf::from_place(tx, from, most)).await?;
            let whole = entries.len() as u64 == u64::from(most);
            if !whole || entries.iter().zip(from..).any(|(entry, place)| entry.position != Some(place)) {
                return Err(Fault::stored_data("table leaf: an entry of the signed log is missing"));
            }
            let entries = entries.iter().map(encode).collect::<Result<Vec<_>, _>>()?;
            let (folder, before) = (self.folder.clone(), seen.map(|seen| seen.checkpoint.clone()));
            let (next, fits) = blocking(move || state.append(&folder, &entries, before.as_ref())).await?;
            if !fits {
                return Ok(None);
            }
            state = next;
        }
        Ok(Some(state).filter(|state| state.edge.root().0 == head.root))
    }

    /// Writes the partial files, then the checkpoint, then clears what full files replaced.
    async fn finish(&mut self, state: State, head: &Head) -> Result<(), Fault> {
        let (folder, note) = (self.folder.clone(), head.checkpoint.clone());
        self.state = Some(blocking(move || state.finish(&folder, &note)).await?);
        Ok(())
    }
}

/// Entries read and written at once.
const BATCH: u64 = 2048;

/// The right edge of what is written so far.
#[derive(Clone, Debug, Default)]
struct State {
    edge: Edge,
    /// The bundle that is not full yet.
    bundle: Vec<u8>,
    /// Folders with files that are not certainly on the disk yet.
    unsynced: BTreeSet<PathBuf>,
    /// Partial files that full ones replaced.
    replaced: Vec<Resource>,
}

impl State {
    /// Appends entries; the second answer says whether they are those of the checkpoint published before.
    fn append(
        mut self,
        folder: &Folder,
        entries: &[Vec<u8>],
        before: Option<&Checkpoint>,
    ) -> Result<(Self, bool), Fault> {
        for entry in entries {
            if !tile::push_entry(&mut self.bundle, entry) {
                return Err(Fault::bug("an entry is longer than 65535 bytes"));
            }
            let (bundle, unsynced, replaced) = (&mut self.bundle, &mut self.unsynced, &mut self.replaced);
            self.edge.push(Hash::of_entry(entry), |resource, hashes| {
                if let Some(entries) = resource.entries() {
                    folder.put(&entries.to_string(), bundle, unsynced)?;
                    bundle.clear();
                    replaced.push(entries);
                }
                replaced.push(resource);
                folder.put(&resource.to_string(), &tile::bytes_of(hashes), unsynced)
            })?;
            let other = before.is_some_and(|before| before.size == self.edge.size() && before.root != self.edge.root());
            if other {
                return Ok((self, false));
            }
        }
        Ok((self, true))
    }

    fn finish(mut self, folder: &Folder, note: &str) -> Result<Self, Fault> {
        for (resource, hashes) in self.edge.partials() {
            if let Some(entries) = resource.entries() {
                folder.put(&entries.to_string(), &self.bundle, &mut self.unsynced)?;
            }
            folder.put(&resource.to_string(), &tile::bytes_of(hashes), &mut self.unsynced)?;
        }
        folder.put(tile::KEY, &folder.keys(), &mut self.unsynced)?;
        let cosigners: String = folder.cosigners.iter().map(|key| format!("{key}\n")).collect();
        folder.put(tile::COSIGNERS, cosigners.as_bytes(), &mut self.unsynced)?;
        folder.sync(&mut self.unsynced)?;
        failpoint::reach("ledger-tiles");
        folder.put(tile::CHECKPOINT, note.as_bytes(), &mut self.unsynced)?;
        folder.sync(&mut self.unsynced)?;
        self.replaced.drain(..).for_each(|full| folder.clear_partials(full));
        Ok(self)
    }
}

/// The published folder.
#[derive(Clone, Debug)]
struct Folder {
    path: PathBuf,
    origin: String,
    known: Vec<Verifier>,
    cosigners: Vec<Cosigner>,
}

/// Adds cosignature lines to the published checkpoint, when it is still this one, and keeps it as the newest that was
/// witnessed. The lines were verified by the caller.
///
/// # Errors
/// `Outside` when files cannot be written.
pub(crate) fn cosign(platform: &Platform, note: &str, lines: &str) -> Result<(), Fault> {
    let folder = Folder::of(platform)?;
    // Another process is publishing: the next round comes soon.
    let Some(_lock) = folder.lock()? else { return Ok(()) };
    let cosigned = format!("{note}{lines}");
    let mut unsynced = BTreeSet::new();
    folder.put(tile::WITNESSED, cosigned.as_bytes(), &mut unsynced)?;
    if folder.seen()?.is_some_and(|seen| seen.note == note.as_bytes()) {
        folder.put(tile::CHECKPOINT, cosigned.as_bytes(), &mut unsynced)?;
    }
    folder.sync(&mut unsynced)
}

/// A checkpoint as published.
#[derive(Clone, Debug)]
struct Seen {
    checkpoint: Checkpoint,
    note: Vec<u8>,
}

impl Folder {
    fn of(platform: &Platform) -> Result<Self, Fault> {
        let mut cosigners = vec![post_quantum(platform)?.0];
        cosigners.extend(platform.ledger.witnesses());
        Ok(Self { path: folder(platform), origin: origin(platform), known: verifiers(platform)?, cosigners })
    }

    /// Makes sure only one process writes; `None` when another holds the folder.
    fn lock(&self) -> Result<Option<File>, Fault> {
        let open = || {
            fs::create_dir_all(&self.path)?;
            File::options().create(true).truncate(false).write(true).open(self.path.join(LOCK))
        };
        let file = open().map_err(|error| outside(&self.path.join(LOCK), &error))?;
        Ok(file.try_lock().is_ok().then_some(file))
    }

    fn seen(&self) -> Result<Option<Seen>, Fault> {
        let path = self.path.join(tile::CHECKPOINT);
        let note = match fs::read(&path) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(outside(&path, &error)),
        };
        match Checkpoint::open(&note, &self.origin, &self.known) {
            Ok(checkpoint) => Ok(Some(Seen { checkpoint, note })),
            // Nobody's checkpoint protects nobody: the disk lost it, the store has it.
            Err(CheckpointError::Form | CheckpointError::Note(NoteError::Form | NoteError::Text)) => {
                tracing::warn!("the published checkpoint is damaged: writing the log again");
                Ok(None)
            }
            Err(error) => Err(Fault::stored_data(format!(
                "the published log in {} is not this deployment's ({error}): move it away or set another data folder",
                self.path.display()
            ))),
        }
    }

    /// The edge as published, when its files lead to the checkpoint.
    fn edge(&self, checkpoint: &Checkpoint) -> Option<State> {
        let files = Directory::new(&self.path);
        let read = |resource| source::read(&files, resource).ok().flatten();
        let edge = Edge::from_partials(checkpoint.size, |resource| {
            read(resource).and_then(|bytes| tile::hashes_of(&bytes, resource.width)).ok_or(())
        });
        let edge = edge.ok().flatten().filter(|edge| edge.root() == checkpoint.root)?;
        let Some(resource) = tile::partial(0, checkpoint.size) else { return Some(State { edge, ..State::default() }) };
        let bundle = read(Resource { level: Level::Entries, ..resource })?;
        let hashes = tile::hashes_of(&read(resource)?, resource.width)?;
        let entries = tile::entries_of(&bundle, resource.width)?;
        let same = entries.iter().zip(&hashes).all(|(entry, hash)| Hash::of_entry(entry) == *hash);
        same.then(|| State { edge, bundle, ..State::default() })
    }

    fn keys(&self) -> Vec<u8> {
        self.known.iter().rev().flat_map(|key| format!("{key}\n").into_bytes()).collect()
    }

    /// Writes a file so that it is there whole or not at all; does nothing when it is there already.
    fn put(&self, name: &str, bytes: &[u8], unsynced: &mut BTreeSet<PathBuf>) -> Result<(), Fault> {
        let path = self.path.join(name);
        let parent = path.parent().unwrap_or(&self.path);
        if fs::read(&path).is_ok_and(|found| found == bytes) {
            unsynced.insert(parent.to_path_buf()); // an attempt that failed later may not have come to that
            return Ok(());
        }
        let aside = path.with_extension(ASIDE);
        let mut write = || {
            if !parent.is_dir() {
                fs::create_dir_all(parent)?;
                let above = parent.ancestors().skip(1).take_while(|above| above.starts_with(&self.path));
                unsynced.extend(above.map(Path::to_path_buf));
            }
            let mut file = File::create(&aside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&aside, &path)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&aside);
            outside(&path, &error)
        })?;
        unsynced.insert(parent.to_path_buf());
        Ok(())
    }

    fn sync(&self, unsynced: &mut BTreeSet<PathBuf>) -> Result<(), Fault> {
        while let Some(folder) = unsynced.pop_first() {
            File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|error| outside(&folder, &error))?;
        }
        Ok(())
    }

    /// Removes the partial files a full one replaced (tlog-tiles allows it); what stays is only clutter.
    fn clear_partials(&self, full: Resource) {
        let _ = fs::remove_dir_all(self.path.join(format!("{full}.p")));
    }
}

const LOCK: &str = ".lock";
const ASIDE: &str = "part";

fn contradiction(what: &str) -> Fault {
    Fault::stored_data(format!(
        "the store contradicts the published log: {what}. Nothing is signed or published until that is cleared up; \
         keep the published files"
    ))
}

fn outside(path: &Path, error: &io::Error) -> Fault {
    Fault::outside(format!("the log cannot be published: {}: {error}", path.display()))
}

/// Runs file work off the threads that answer people.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::bug(error.to_string()))?
}
