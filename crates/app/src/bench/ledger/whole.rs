//! How long a whole audit of a large log takes: a log of so many entries is written as the platform publishes it (entries, tiles, index
//! entries every thousand, signed checkpoint), and then read and checked by the code of `lionrock audit`.

use super::super::figures::Figures;
use anyhow::{Result, anyhow, ensure};
use lionrock_crypto::sign::{PublicKey, SigningKey};
use lionrock_ledger::checkpoint::Checkpoint;
use lionrock_ledger::hash::Hash;
use lionrock_ledger::index::{self, Index, SPANS, Stretch};
use lionrock_ledger::leaf::{CoarseTime, Kind, Leaf};
use lionrock_ledger::note::Verifier;
use lionrock_ledger::source::Directory;
use lionrock_ledger::tag::{self, Tag};
use lionrock_ledger::tile::{self, Resource};
use lionrock_ledger::tree::Edge;
use lionrock_ledger::verify::Log;
use std::convert::Infallible;
use std::path::Path;
use std::time::Instant;

const ORIGIN: &str = "lionrock.test-bench/localhost:8443";
/// Entries between two of the index, as in a busy round of the sequencer.
const ROUND: u64 = 1000;

/// Makes the log below `folder` and checks it.
#[allow(clippy::cast_precision_loss, clippy::disallowed_methods, reason = "a bench measures by the clock")]
pub(super) fn measure(entries: u64, folder: &Path, figures: &mut Figures) -> Result<()> {
    let folder = folder.join("whole");
    let key = SigningKey::from_ed25519_seed(&[5; 32])?;
    let PublicKey::Ed25519(public) = key.public()? else { return Err(anyhow!("a key of ours")) };
    let verifier = Verifier::new(ORIGIN, public)?;
    let mut writer = Writer { folder: &folder, edge: Edge::new(), bundle: Vec::new() };
    let (mut index, mut tags): (Index, Vec<(u64, Tag)>) = Default::default();
    let start = Instant::now();
    for number in 0..entries {
        let at = writer.edge.size();
        if number % ROUND == ROUND - 1 || number == entries - 1 {
            let read = |stretch: Stretch| {
                let from = tags.partition_point(|(place, _)| *place < stretch.first);
                let to = tags.partition_point(|(place, _)| *place < stretch.first + stretch.length);
                Ok::<Vec<Tag>, Infallible>(tags.get(from..to).unwrap_or_default().iter().map(|(_, tag)| *tag).collect())
            };
            let Ok(next) = index.advance(at, read);
            index = next;
            let keep = at - at % SPANS[0];
            tags.retain(|(place, _)| *place >= keep);
            writer.push(&Leaf { commitment: index.digest(), ..leaf(number, index::KIND)? })?;
        } else {
            let tag = tag::of(&[9; 32], number);
            tags.push((at, tag));
            writer.push(&leaf(number, "session.opened")?.tagged(tag))?;
        }
    }
    let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: writer.edge.size(), root: writer.edge.root() };
    let note = checkpoint.sign(&verifier, &key)?;
    writer.finish(note.as_bytes())?;
    figures.add("audit_written_seconds", start.elapsed().as_secs_f64(), "the log of the audit made");
    let log = Log { source: Directory::new(folder), origin: ORIGIN.to_owned(), known: vec![verifier] };
    let bar = crate::command::verify::bar();
    let start = Instant::now();
    let report = log.verify(None, &mut |done, all| crate::command::verify::advance(&bar, done, all))?;
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    ensure!(report.is_good() && report.entries == entries, "the log does not verify: {:?}", report.findings);
    figures.add("audit_entries", report.entries as f64, "entries that were audited, index entries included");
    figures.add("audit_seconds", seconds, "the whole of them read, hashed and compared, index included");
    Ok(())
}

fn leaf(number: u64, kind: &str) -> Result<Leaf> {
    let mut event = [0; 16];
    event.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    let time = CoarseTime::from_millis(1_795_430_000_000 + i64::try_from(number)? * 100);
    Ok(Leaf::commit(event, Kind::parse(kind)?, time, &[7; 32], &number.to_be_bytes()))
}

struct Writer<'a> {
    folder: &'a Path,
    edge: Edge,
    bundle: Vec<u8>,
}

impl Writer<'_> {
    fn push(&mut self, leaf: &Leaf) -> Result<()> {
        let entry = leaf.encode();
        ensure!(tile::push_entry(&mut self.bundle, &entry), "an entry is too long");
        let (folder, bundle) = (self.folder, &mut self.bundle);
        self.edge.push(Hash::of_entry(&entry), |resource, hashes| {
            if let Some(entries) = resource.entries() {
                put(folder, entries, bundle)?;
                bundle.clear();
            }
            put(folder, resource, &tile::bytes_of(hashes))
        })
    }

    fn finish(self, note: &[u8]) -> Result<()> {
        for (resource, hashes) in self.edge.partials() {
            if let Some(entries) = resource.entries() {
                put(self.folder, entries, &self.bundle)?;
            }
            put(self.folder, resource, &tile::bytes_of(hashes))?;
        }
        Ok(std::fs::write(self.folder.join(tile::CHECKPOINT), note)?)
    }
}

fn put(folder: &Path, resource: Resource, bytes: &[u8]) -> Result<()> {
    let path = folder.join(resource.to_string());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(std::fs::write(path, bytes)?)
}
