//! Checking a whole log: read every entry, hash everything again, and say exactly what does not fit.
//!
//! Nothing published is believed but the signature of the checkpoint; from the entries alone the root must come
//! out that it signs. The tiles are then compared with what they must be, which tells *which* entry was touched.

use std::collections::BTreeMap;

use crate::checkpoint::{self, Checkpoint};
use crate::hash::Hash;
use crate::index::Checker;
use crate::leaf::{self, Leaf};
use crate::note::Verifier;
use crate::proof;
use crate::source::{self, Missing, Source, Tiles};
use crate::tile::{self, Level, Resource};
use crate::tree::Edge;

/// A log to be checked.
pub struct Log<S> {
    /// Where its files are.
    pub source: S,
    /// The origin its checkpoint must have.
    pub origin: String,
    /// The keys that may sign it.
    pub known: Vec<Verifier>,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The signed checkpoint, when it could be trusted.
    pub checkpoint: Option<Checkpoint>,
    /// Size of the kept checkpoint that this log was shown to continue.
    pub continues: Option<u64>,
    /// Entries read.
    pub entries: u64,
    /// How many entries of each type.
    pub kinds: BTreeMap<String, u64>,
    /// Coarse time (Unix seconds) of the earliest and latest entry.
    pub span: Option<(u64, u64)>,
    /// What does not fit; empty when all is well. At most [`MOST_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more: u64,
}

impl Report {
    /// Did everything fit?
    pub fn is_good(&self) -> bool {
        self.findings.is_empty() && self.checkpoint.is_some()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Findings listed one by one.
pub const MOST_FINDINGS: usize = 20;

impl<S: Source> Log<S> {
    /// Checks everything. `against` is a checkpoint kept from before: the log must continue it. `progress` is told
    /// how many entries of how many are done, some hundred times at most in a second.
    ///
    /// # Errors
    /// Only when the place cannot be read; whatever is wrong with the log itself is a finding.
    pub fn verify(&self, against: Option<&[u8]>, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, source::Error> {
        self.verify_each(against, progress, &mut |_, _| ())
    }

    /// As [`Log::verify`], and shows each entry with its place to `seen`. What was seen is worth something when the report is good.
    ///
    /// # Errors
    /// As [`Log::verify`].
    pub fn verify_each(
        &self,
        against: Option<&[u8]>,
        progress: &mut dyn FnMut(u64, u64),
        seen: &mut dyn FnMut(u64, &Leaf),
    ) -> Result<Report, source::Error> {
        let mut report = Report::default();
        let Some(note) = self.source.read(tile::CHECKPOINT)? else {
            report.add(Finding::Missing(tile::CHECKPOINT.to_owned()));
            return Ok(report);
        };
        let signed = match Checkpoint::open(&note, &self.origin, &self.known) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                report.add(Finding::Checkpoint(error));
                return Ok(report);
            }
        };
        report.checkpoint = Some(signed.clone());
        let kept = against.and_then(|note| match Checkpoint::open(note, &self.origin, &self.known) {
            Ok(kept) => Some(kept),
            Err(error) => {
                report.add(Finding::Kept(error));
                None
            }
        });
        if let Some(kept) = kept.as_ref().filter(|kept| kept.size > signed.size) {
            report.add(Finding::Older { kept: kept.size, found: signed.size });
        }
        let mut walk = Walk::new(&self.source, &signed, kept.as_ref(), report);
        walk.entries(progress, seen)?;
        Ok(walk.finish())
    }
}

impl<S: Source> Log<S> {
    /// Does this log, as it stands now, continue `kept`, a checkpoint that was verified already? Reads only what a
    /// consistency proof needs; the current checkpoint, or what does not fit.
    ///
    /// # Errors
    /// Only when the place cannot be read.
    pub fn continues(&self, kept: &Checkpoint) -> Result<Result<Checkpoint, Finding>, source::Error> {
        let Some(note) = self.source.read(tile::CHECKPOINT)? else {
            return Ok(Err(Finding::Missing(tile::CHECKPOINT.to_owned())));
        };
        let now = match Checkpoint::open(&note, &self.origin, &self.known) {
            Ok(checkpoint) => checkpoint,
            Err(error) => return Ok(Err(Finding::Checkpoint(error))),
        };
        if kept.size > now.size {
            return Ok(Err(Finding::Older { kept: kept.size, found: now.size }));
        }
        let mut tiles = Tiles::new(&self.source, now.size);
        let path = match proof::consistency(kept.size, now.size, |node| tiles.hash(node)) {
            Ok(path) => path.unwrap_or_default(),
            Err(Missing::Source(error)) => return Err(error),
            Err(Missing::Tile(path)) => return Ok(Err(Finding::Missing(path))),
        };
        let held = proof::check_consistency(kept.size, &kept.root, now.size, &now.root, &path);
        Ok(held.map(|()| now).map_err(|_| Finding::Forked(kept.size)))
    }
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The checkpoint cannot be trusted.
    #[error("{0}")]
    Checkpoint(checkpoint::Error),
    /// A file is not a bundle or tile of the right width.
    #[error("{0} is cut short, too long or not what it should be")]
    Damaged(String),
    /// An entry is not the one that was signed.
    #[error("entry {0} is not the one that was signed: it was edited, removed or put in")]
    EntryChanged(u64),
    /// An entry cannot be read.
    #[error("entry {index}: {error}")]
    EntryForm {
        /// Which entry.
        index: u64,
        /// Why.
        error: leaf::Error,
    },
    /// An entry stands in another's place.
    #[error("entry {index} stands in the wrong place: it was signed as entry {signed}")]
    EntryMoved {
        /// Where it stands.
        index: u64,
        /// Where it was when signed.
        signed: u64,
    },
    /// Another history than the kept checkpoint's.
    #[error("the log was forked: its first {0} entries are not those of the kept checkpoint")]
    Forked(u64),
    /// An entry of the index of tags does not follow from the entries before it, or the last one is missing.
    #[error(
        "the index of tags at entry {0} is not what the entries before it make: somebody's entry was left out of it"
    )]
    Index(u64),
    /// The kept checkpoint is no use.
    #[error("the kept checkpoint: {0}")]
    Kept(checkpoint::Error),
    /// A file is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// Entries were taken back.
    #[error("the log was cut: it has {found} entries, the kept checkpoint had {kept}")]
    Older {
        /// Entries the kept checkpoint counts.
        kept: u64,
        /// Entries now.
        found: u64,
    },
    /// The entries do not lead to the signed root, and no single place shows why.
    #[error("the log was rewritten: its {0} entries do not lead to the root that was signed")]
    Root(u64),
    /// A tile does not follow from the entries, though the entries are those signed.
    #[error("{0} does not follow from the entries")]
    Tile(String),
}

impl Finding {
    /// Stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Finding::Checkpoint(checkpoint::Error::Origin { .. }) => "wrong-origin",
            Finding::Checkpoint(_) => "bad-checkpoint",
            Finding::Damaged(_) => "damaged",
            Finding::EntryChanged(_) => "entry-changed",
            Finding::EntryForm { .. } => "entry-form",
            Finding::EntryMoved { .. } => "entry-moved",
            Finding::Forked(_) => "forked",
            Finding::Index(_) => "index-wrong",
            Finding::Kept(_) => "bad-kept-checkpoint",
            Finding::Missing(_) => "missing",
            Finding::Older { .. } => "older",
            Finding::Root(_) => "rewritten",
            Finding::Tile(_) => "tile-changed",
        }
    }
}

/// One pass over the entries.
struct Walk<'a, S> {
    source: &'a S,
    signed: &'a Checkpoint,
    kept: Option<&'a Checkpoint>,
    report: Report,
    /// The tree of the entries as read.
    tree: Edge,
    /// The tree of the hashes in the tiles, from the first place where they differ.
    tiled: Option<Edge>,
    differences: Vec<Difference>,
    upper: Vec<Resource>,
    index: Checker,
    complete: bool,
}

struct Difference {
    index: u64,
    entry: Hash,
    tile: Hash,
}

impl<'a, S: Source> Walk<'a, S> {
    fn new(source: &'a S, signed: &'a Checkpoint, kept: Option<&'a Checkpoint>, report: Report) -> Walk<'a, S> {
        Walk {
            source,
            signed,
            kept,
            report,
            tree: Edge::new(),
            tiled: None,
            differences: Vec::new(),
            upper: Vec::new(),
            index: Checker::default(),
            complete: false,
        }
    }

    fn entries(
        &mut self,
        progress: &mut dyn FnMut(u64, u64),
        seen: &mut dyn FnMut(u64, &Leaf),
    ) -> Result<(), source::Error> {
        self.compare_kept();
        let mut next = 0;
        while let Some(first) = tile::at(0, next, self.signed.size) {
            let batch: Vec<Resource> =
                (next..next + BATCH).map_while(|index| tile::at(0, index, self.signed.size)).collect();
            if !self.batch(&batch, seen)? {
                return Ok(());
            }
            next = first.index + batch.len() as u64;
            progress(self.tree.size(), self.signed.size);
        }
        let partials: Vec<(Resource, Vec<Hash>)> =
            self.tree.partials().map(|(resource, hashes)| (resource, hashes.to_vec())).collect();
        for (resource, hashes) in partials {
            if !compare(self.source, resource, &hashes)? {
                self.upper.push(resource);
            }
        }
        self.complete = true;
        Ok(())
    }

    /// Reads and checks some bundles with their tiles; `false` when it makes no sense to go on.
    fn batch(&mut self, tiles: &[Resource], seen: &mut dyn FnMut(u64, &Leaf)) -> Result<bool, source::Error> {
        let bundles: Vec<Resource> = tiles.iter().filter_map(|tile| tile.entries()).collect();
        let paths: Vec<String> = bundles.iter().chain(tiles).map(Resource::to_string).collect();
        let mut found = self.source.read_all(&paths).into_iter();
        let mut files = Vec::with_capacity(paths.len());
        for &resource in bundles.iter().chain(tiles) {
            files.push(match found.next().transpose()?.flatten() {
                None if resource.is_partial() => source::read(self.source, resource)?,
                file => file,
            });
        }
        let tile_files = files.split_off(bundles.len());
        for ((&tile, bundle), (entries, hashes)) in tiles.iter().zip(bundles).zip(files.iter().zip(&tile_files)) {
            let Some(entries) = entries else {
                self.report.add(Finding::Missing(bundle.to_string()));
                return Ok(false);
            };
            let Some(entries) = tile::entries_of(entries, bundle.width) else {
                self.report.add(Finding::Damaged(bundle.to_string()));
                return Ok(false);
            };
            let hashes = match hashes {
                None => self.without(Finding::Missing(tile.to_string())),
                Some(bytes) => match tile::hashes_of(bytes, tile.width) {
                    None => self.without(Finding::Damaged(tile.to_string())),
                    some => some,
                },
            };
            for (place, entry) in entries.into_iter().enumerate() {
                let tiled = hashes.as_ref().and_then(|hashes| hashes.get(place)).copied();
                self.entry(entry, tiled, seen)?;
            }
        }
        Ok(true)
    }

    fn without(&mut self, finding: Finding) -> Option<Vec<Hash>> {
        self.report.add(finding);
        None
    }

    fn entry(
        &mut self,
        entry: &[u8],
        tiled: Option<Hash>,
        seen: &mut dyn FnMut(u64, &Leaf),
    ) -> Result<(), source::Error> {
        let index = self.tree.size();
        match Leaf::decode(entry) {
            Ok(leaf) => {
                self.count(&leaf);
                if !self.index.next(&leaf) {
                    self.report.add(Finding::Index(index));
                }
                seen(index, &leaf);
            }
            Err(error) => self.report.add(Finding::EntryForm { index, error }),
        }
        let hash = Hash::of_entry(entry);
        let tile = tiled.unwrap_or(hash);
        if tile != hash {
            self.tiled.get_or_insert_with(|| self.tree.clone());
            if self.differences.len() < MOST_DIFFERENCES {
                self.differences.push(Difference { index, entry: hash, tile });
            }
        }
        if let Some(tree) = &mut self.tiled {
            tree.push(tile, |_, _| Ok(()))?;
        }
        let (source, upper, differ) = (self.source, &mut self.upper, self.tiled.is_some());
        self.tree.push(hash, |resource, hashes| {
            // Once entries differ, every tile above them must: no news.
            let above = resource.level != Level::Hashes(0);
            if above && !differ && !compare(source, resource, hashes)? {
                upper.push(resource);
            }
            Ok(())
        })?;
        self.report.entries = self.tree.size();
        self.compare_kept();
        Ok(())
    }

    fn count(&mut self, leaf: &Leaf) {
        match self.report.kinds.get_mut(leaf.kind.as_str()) {
            Some(count) => *count += 1,
            None => {
                self.report.kinds.insert(leaf.kind.as_str().to_owned(), 1);
            }
        }
        let time = leaf.time.seconds();
        let (from, to) = self.report.span.unwrap_or((time, time));
        self.report.span = Some((from.min(time), to.max(time)));
    }

    fn compare_kept(&mut self) {
        if let Some(kept) = self.kept.filter(|kept| kept.size == self.tree.size()) {
            if self.tree.root() == kept.root {
                self.report.continues = Some(kept.size);
            } else {
                self.report.add(Finding::Forked(kept.size));
            }
        }
    }

    fn finish(mut self) -> Report {
        if !self.complete {
            self.differences.iter().for_each(|difference| {
                self.report.add(Finding::EntryChanged(difference.index));
            });
            return self.report;
        }
        let entries_fit = self.tree.root() == self.signed.root;
        if !self.index.ends_well() {
            self.report.add(Finding::Index(self.signed.size));
        }
        if entries_fit {
            // The entries are those signed, so the tiles are at fault.
            let mut paths: Vec<String> =
                self.differences.iter().map(|difference| tile_of(difference.index, self.signed.size)).collect();
            paths.extend(self.upper.iter().map(Resource::to_string));
            paths.dedup();
            paths.into_iter().for_each(|path| self.report.add(Finding::Tile(path)));
        } else if self.differences.is_empty() {
            self.report.add(Finding::Root(self.signed.size));
            self.upper.iter().for_each(|resource| self.report.add(Finding::Tile(resource.to_string())));
        } else {
            let tiles_fit = self.tiled.as_ref().is_some_and(|tree| tree.root() == self.signed.root);
            if !tiles_fit {
                self.report.add(Finding::Root(self.signed.size));
            }
            for difference in &self.differences {
                let home = self.differences.iter().find(|other| other.tile == difference.entry);
                self.report.add(match home.filter(|_| tiles_fit) {
                    Some(home) => Finding::EntryMoved { index: difference.index, signed: home.index },
                    None => Finding::EntryChanged(difference.index),
                });
            }
        }
        self.report
    }
}

/// Does the tile as published hold these hashes?
fn compare(source: &impl Source, resource: Resource, hashes: &[Hash]) -> Result<bool, source::Error> {
    Ok(source::read(source, resource)?.is_some_and(|bytes| bytes == tile::bytes_of(hashes)))
}

fn tile_of(entry: u64, size: u64) -> String {
    let index = entry / tile::WIDTH as u64;
    tile::at(0, index, size).unwrap_or(Resource::full(0, index)).to_string()
}

/// Bundles asked for at once.
const BATCH: u64 = 64;
const MOST_DIFFERENCES: usize = 1024;
