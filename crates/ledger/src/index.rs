//! The index of tags: what lets a person see, in a few kilobytes, that no further entry about them exists.
//!
//! Entries `0..size` are cut into stretches of 65536, 4096 and 256 entries and a rest, the longest first. The tags in a
//! stretch, in ascending order, are the leaves of a tree of their own; two neighbours in it prove that nothing stands
//! between them. An entry of the type [`KIND`] commits to the roots of all stretches before it, and is the last entry under
//! every checkpoint from the first tag on. Everything in it follows from the public entries, so anybody can check that the
//! platform left nothing out; [`Checker`] does.

use lionrock_crypto::digest::Sha256;

use crate::hash::Hash;
use crate::leaf::Leaf;
use crate::proof;
use crate::tag::Tag;
use crate::tree;

/// Type of the entries that commit to the index.
pub const KIND: &str = "history.index";
/// Lengths of stretches, longest first.
pub const SPANS: [u64; 3] = [65_536, 4_096, 256];

/// Consecutive entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first entry.
    pub first: u64,
    /// How many.
    pub length: u64,
}

/// The stretches of a log of this size.
#[must_use]
pub fn stretches(size: u64) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut first = 0;
    for span in SPANS {
        while size - first >= span {
            found.push(Stretch { first, length: span });
            first += span;
        }
    }
    if first < size {
        found.push(Stretch { first, length: size - first });
    }
    found
}

/// The tags of one stretch, as the index keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which entries.
    pub stretch: Stretch,
    /// How many of them carry a tag.
    pub count: u64,
    /// Root of the tree over the sorted tags.
    pub root: Hash,
}

impl Run {
    /// The run of a stretch with these tags, in any order.
    #[must_use]
    pub fn of(stretch: Stretch, mut tags: Vec<Tag>) -> Run {
        tags.sort_unstable();
        Run { stretch, count: tags.len() as u64, root: root_of(&tags) }
    }
}

/// The index over the first `size` entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    size: u64,
    runs: Vec<Run>,
}

impl Index {
    /// The index of runs that cover the stretches of `size`, in order; `None` when there are not that many.
    #[must_use]
    pub fn of(size: u64, runs: impl IntoIterator<Item = (u64, Hash)>) -> Option<Index> {
        let mut runs = runs.into_iter();
        let covered = stretches(size)
            .into_iter()
            .map(|stretch| runs.next().map(|(count, root)| Run { stretch, count, root }))
            .collect::<Option<Vec<_>>>()?;
        runs.next().is_none().then_some(Index { size, runs: covered })
    }

    /// Entries it covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its runs, in order.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The index over more entries. `tags` reads the tags of a stretch, in any order; it is asked only for stretches that are
    /// new.
    ///
    /// # Errors
    /// Of `tags`.
    pub fn advance<E>(&self, size: u64, mut tags: impl FnMut(Stretch) -> Result<Vec<Tag>, E>) -> Result<Index, E> {
        let mut runs = Vec::new();
        for stretch in stretches(size) {
            let known = self.runs.binary_search_by_key(&stretch.first, |run| run.stretch.first).ok();
            let known = known.and_then(|at| self.runs.get(at)).filter(|run| run.stretch == stretch);
            runs.push(match known {
                Some(run) => *run,
                None => Run::of(stretch, tags(stretch)?),
            });
        }
        Ok(Index { size, runs })
    }

    /// What an entry of type [`KIND`] has in place of a commitment: `SHA-256("lionrock history index v1" ‖ 0x00 ‖ size ‖ for
    /// each run: length, count, root)`, numbers in eight bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::default();
        digest.update(b"lionrock history index v1\0");
        digest.update(&self.size.to_be_bytes());
        for run in &self.runs {
            digest.update(&run.stretch.length.to_be_bytes());
            digest.update(&run.count.to_be_bytes());
            digest.update(&run.root.0);
        }
        digest.finish()
    }

    /// For keeping: size, then count and root of each run.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for run in &self.runs {
            bytes.extend_from_slice(&run.count.to_be_bytes());
            bytes.extend_from_slice(&run.root.0);
        }
        bytes
    }

    /// Reads what [`Index::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Index> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let (runs, rest) = rest.as_chunks::<40>();
        let read = |run: &[u8; 40]| {
            let (count, root) = run.split_first_chunk::<8>()?;
            Some((u64::from_be_bytes(*count), Hash::from_slice(root)?))
        };
        let runs = runs.iter().map(read).collect::<Option<Vec<_>>>()?;
        if rest.is_empty() { Index::of(u64::from_be_bytes(*size), runs) } else { None }
    }
}

/// Proof that a tag does not stand in a run: its two neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Tags in the run.
    pub count: u64,
    /// Root of the run.
    pub root: Hash,
    /// How many tags stand before the one that is absent.
    pub before: u64,
    /// The one before, with the path to the root; none at the beginning.
    pub below: Option<(Tag, Vec<Hash>)>,
    /// The one after, with the path to the root; none at the end.
    pub above: Option<(Tag, Vec<Hash>)>,
}

impl Absence {
    /// Proves that `tag` is not among `tags`, which may come in any order; `None` when it is.
    #[must_use]
    pub fn prove(mut tags: Vec<Tag>, tag: &Tag) -> Option<Absence> {
        tags.sort_unstable();
        let before = tags.binary_search(tag).err()?;
        let hashes: Vec<Hash> = tags.iter().map(|tag| Hash::of_entry(tag)).collect();
        let neighbour = |at: Option<usize>| {
            let at = at?;
            Some((*tags.get(at)?, path(&hashes, at as u64)?))
        };
        Some(Absence {
            count: tags.len() as u64,
            root: tree::root_of(&hashes),
            before: before as u64,
            below: neighbour(before.checked_sub(1)),
            above: neighbour(Some(before)),
        })
    }

    /// Checks that `tag` does not stand in the run of this count and root.
    ///
    /// # Errors
    /// [`proof::Error`] when the neighbours are none, or not in the run.
    pub fn check(&self, tag: &Tag) -> Result<(), proof::Error> {
        let ends = (self.before == 0, self.before == self.count);
        if self.before > self.count || ends != (self.below.is_none(), self.above.is_none()) {
            return Err(proof::Error::Length);
        }
        if self.count == 0 && self.root != Hash::of_nothing() {
            return Err(proof::Error::Root);
        }
        if let Some((below, path)) = &self.below {
            if below >= tag {
                return Err(proof::Error::Outside);
            }
            proof::check_inclusion(&Hash::of_entry(below), self.before - 1, self.count, &self.root, path)?;
        }
        if let Some((above, path)) = &self.above {
            if above <= tag {
                return Err(proof::Error::Outside);
            }
            proof::check_inclusion(&Hash::of_entry(above), self.before, self.count, &self.root, path)?;
        }
        Ok(())
    }
}

/// Follows the entries of a whole log and compares every entry of the index with what it must be.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    /// Entries seen.
    size: u64,
    index: Index,
    /// Tags with their places, of the longest stretch that is not full yet.
    tags: Vec<(u64, Tag)>,
    any: bool,
    /// Whether the entry before the next one is of the index.
    covered: bool,
}

impl Checker {
    /// Takes the next entry; false when it is an entry of the index that does not follow from those before it.
    pub fn next(&mut self, leaf: &Leaf) -> bool {
        let mut right = true;
        self.covered = leaf.kind.as_str() == KIND;
        if self.covered {
            let keep = self.size - self.size % SPANS[0];
            let tags = &self.tags;
            let read = |stretch: Stretch| -> Result<Vec<Tag>, std::convert::Infallible> {
                let from = tags.partition_point(|(place, _)| *place < stretch.first);
                let to = tags.partition_point(|(place, _)| *place < stretch.first + stretch.length);
                Ok(tags.get(from..to).unwrap_or_default().iter().map(|(_, tag)| *tag).collect())
            };
            let Ok(index) = self.index.advance(self.size, read);
            right = index.digest() == leaf.commitment && leaf.tag.is_none();
            self.index = index;
            // Runs of full stretches are kept; their tags are not needed again.
            self.tags.retain(|(place, _)| *place >= keep);
        } else if let Some(tag) = leaf.tag {
            self.any = true;
            self.tags.push((self.size, tag));
        }
        self.size += 1;
        right
    }

    /// Does the log end as it must: with an entry of the index, once there was a tag?
    #[must_use]
    pub fn ends_well(&self) -> bool {
        !self.any || self.covered
    }
}

fn root_of(sorted: &[Tag]) -> Hash {
    tree::root_of(&sorted.iter().map(|tag| Hash::of_entry(tag)).collect::<Vec<_>>())
}

fn path(hashes: &[Hash], at: u64) -> Option<Vec<Hash>> {
    let found = proof::inclusion(at, hashes.len() as u64, |node| {
        let from = usize::try_from(node.index << node.height).map_err(|_| ())?;
        hashes.get(from..from + (1 << node.height)).map(tree::root_of).ok_or(())
    });
    found.ok().flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn tags(count: u64) -> Vec<Tag> {
        (0..count).map(|number| crate::tag::of(&[9; 32], number * 2)).collect()
    }

    #[test]
    fn stretches_cover_everything_once() {
        for size in [0, 1, 255, 256, 257, 4095, 4096, 65_535, 65_536, 70_000, 200_000] {
            let found = stretches(size);
            let mut next = 0;
            for stretch in &found {
                assert_eq!(stretch.first, next);
                assert!(
                    stretch.length > 0 && stretch.first % stretch.length.next_power_of_two().min(65_536) == 0
                        || stretch.length < 256
                );
                next += stretch.length;
            }
            assert_eq!(next, size);
            assert!(found.len() as u64 <= size / 65_536 + 31);
        }
    }

    #[test]
    fn absence_is_proved_for_what_is_absent_alone() {
        for count in [0, 1, 2, 3, 7, 8, 100, 256] {
            let all = tags(count);
            for number in 0..20 {
                let absent = crate::tag::of(&[9; 32], number * 2 + 1);
                let proof = Absence::prove(all.clone(), &absent).unwrap();
                assert_eq!(proof.check(&absent), Ok(()), "{count}");
                for present in all.iter().take(5) {
                    assert!(proof.check(present).is_err(), "{count}: a neighbour passes for absent");
                }
            }
            assert!(all.iter().all(|tag| Absence::prove(all.clone(), tag).is_none()));
        }
    }

    #[test]
    fn forged_neighbours_are_refused() {
        let all = tags(50);
        let mut sorted = all.clone();
        sorted.sort_unstable();
        let hidden = sorted[20];
        // The neighbours of somebody who hides: one step apart in truth.
        let without: Vec<Tag> = sorted.iter().copied().filter(|tag| *tag != hidden).collect();
        let mut forged = Absence::prove(without, &hidden).unwrap();
        assert_eq!(forged.check(&hidden), Ok(()), "right for another tree");
        forged.root = Run::of(Stretch { first: 0, length: 50 }, all.clone()).root;
        forged.count = 50;
        assert!(forged.check(&hidden).is_err());
        let honest = Absence::prove(all, &[0; 16]).unwrap();
        let cut = Absence { above: None, before: 50, ..honest.clone() };
        assert!(cut.check(&[0; 16]).is_err());
        let empty = Absence { count: 0, before: 0, below: None, above: None, root: honest.root };
        assert!(empty.check(&[0; 16]).is_err());
    }

    #[test]
    fn an_index_grows_by_what_is_new_and_reads_back() {
        let all = tags(70_000);
        let read = |stretch: Stretch| {
            let from = stretch.first as usize;
            Ok::<_, ()>(all[from..from + stretch.length as usize].to_vec())
        };
        let mut grown = Index::default();
        for size in [1, 255, 256, 300, 5_000, 66_000, 70_000] {
            grown = grown.advance(size, read).unwrap();
            let fresh = Index::default().advance(size, read).unwrap();
            assert_eq!(grown, fresh);
            assert_eq!(Index::from_bytes(&grown.to_bytes()), Some(fresh));
        }
        assert_eq!(Index::from_bytes(&grown.to_bytes()[1..]), None);
        let mut asked = 0;
        grown
            .advance(70_001, |stretch| {
                asked += stretch.length;
                read(Stretch { length: stretch.length - 1, ..stretch })
            })
            .unwrap();
        assert!(asked <= 256, "{asked}");
    }
}
