//! A document of a request, or what came of it, read piece by piece: however large it is, a few pieces of it are in memory.

use super::sealed;
use crate::port::document::{Readable, Reading};
use crate::{Fault, Platform};
use lionrock_crypto::digest::{Kind as Hash, Stream};
use lionrock_model::id::SigningRequestId;
use lionrock_model::signing::{Form, PIECE_BYTES};
use lionrock_store::Tx;
use lionrock_store::signing_request::{Kind, Request};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

/// Pieces opened at once.
const WINDOW: u32 = 4;
/// Bytes of them.
const WINDOW_BYTES: u64 = WINDOW as u64 * PIECE_BYTES as u64;
/// Windows kept: where one reads on, the table at the end, and an object between.
const KEPT: usize = 3;

/// Pieces of one kind, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    kind: Kind,
    bytes: u64,
}

type Opened = Arc<Zeroizing<Vec<u8>>>;

/// Sealed pieces as one file.
pub struct File {
    platform: Arc<Platform>,
    runtime: Handle,
    request: SigningRequestId,
    stretches: Vec<Stretch>,
    kept: Mutex<VecDeque<((usize, u64), Opened)>>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("request", &self.request).field("bytes", &self.length()).finish_non_exhaustive()
    }
}

impl File {
    fn new(platform: &Arc<Platform>, request: SigningRequestId, stretches: Vec<Stretch>) -> Self {
        let stretches = stretches.into_iter().filter(|one| one.bytes > 0).collect();
        Self { platform: Arc::clone(platform), runtime: Handle::current(), request, stretches, kept: Mutex::default() }
    }

    /// The document of a request; empty where only digests came.
    pub(super) fn document(platform: &Arc<Platform>, row: &Request) -> Self {
        Self::of(platform, row, row.received)
    }

    /// The first bytes of it.
    pub(super) fn of(platform: &Arc<Platform>, row: &Request, bytes: i64) -> Self {
        let bytes = if row.form.is_seen() { u64::try_from(bytes).unwrap_or(0) } else { 0 };
        Self::new(platform, row.id, vec![Stretch { kind: Kind::Document, bytes }])
    }

    /// What came of a request. A PDF is what the service sent, untouched, and what was appended.
    pub(super) async fn result(platform: &Arc<Platform>, row: &Request) -> Result<Self, Fault> {
        let (owned, wanted) = (Arc::clone(platform), row.clone());
        let stretches = platform.store.read(move |tx| Self::parts(tx, &owned, &wanted)).await?;
        Ok(Self::new(platform, row.id, stretches))
    }

    fn parts(tx: &mut Tx<'_>, platform: &Platform, row: &Request) -> Result<Vec<Stretch>, Fault> {
        let kinds: &[Kind] = if row.form == Form::Pdf { &[Kind::Document, Kind::Result] } else { &[Kind::Result] };
        kinds
            .iter()
            .map(|kind| Ok(Stretch { kind: *kind, bytes: sealed::length(tx, platform, row.id, *kind)? }))
            .collect()
    }

    /// The window that holds a place: its stretch, its number, and how far into it.
    fn find(&self, at: u64) -> Option<(usize, Stretch, u64, usize)> {
        let mut left = at;
        for (number, stretch) in self.stretches.iter().enumerate() {
            if left < stretch.bytes {
                let inside = usize::try_from(left % WINDOW_BYTES).ok()?;
                return Some((number, *stretch, left / WINDOW_BYTES, inside));
            }
            left -= stretch.bytes;
        }
        None
    }

    async fn window(&self, stretch: Stretch, window: u64) -> Result<Opened, Fault> {
        let (owned, request) = (Arc::clone(&self.platform), self.request);
        let from = u32::try_from(window).ok().and_then(|window| window.checked_mul(WINDOW));
        let from = from.ok_or_else(|| Fault::stored_data("a document of too many pieces"))?;
        let read = move |tx: &mut Tx<'_>| sealed::opened(tx, &owned, request, stretch.kind, from, WINDOW);
        let opened = self.platform.store.read(read).await?;
        let left = stretch.bytes - window * WINDOW_BYTES;
        if opened.len() as u64 != left.min(WINDOW_BYTES) {
            return Err(Fault::stored_data("a document is shorter or longer than it says"));
        }
        Ok(Arc::new(opened))
    }

    /// What follows a place, as much as lies together; nothing at the end.
    ///
    /// # Errors
    /// Of the store and the keys.
    pub async fn next(&self, at: u64) -> Result<Vec<u8>, Fault> {
        let Some((_, stretch, window, inside)) = self.find(at) else { return Ok(Vec::new()) };
        Ok(self.window(stretch, window).await?.get(inside..).unwrap_or_default().to_vec())
    }

    /// All of it, for what is known to be small.
    ///
    /// # Errors
    /// As [`File::next`].
    pub async fn bytes(&self) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        while (all.len() as u64) < self.length() {
            all.extend(self.next(all.len() as u64).await?);
        }
        Ok(all)
    }
}

impl Readable for File {
    fn length(&self) -> u64 {
        self.stretches.iter().map(|one| one.bytes).sum()
    }

    fn read_at(&self, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let Some((number, stretch, window, inside)) = self.find(at) else { return Ok(Vec::new()) };
        let key = (number, window);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(own, _)| *own == key).map(|(_, opened)| Arc::clone(opened));
        let opened = match found {
            Some(opened) => opened,
            None => {
                let opened = self.runtime.block_on(self.window(stretch, window)).map_err(io::Error::other)?;
                if kept.len() >= KEPT {
                    kept.pop_front();
                }
                kept.push_back((key, Arc::clone(&opened)));
                opened
            }
        };
        let rest = opened.get(inside..).unwrap_or_default();
        Ok(rest.get(..most.min(rest.len())).unwrap_or_default().to_vec())
    }
}

/// The digest of a document and of what is put behind it, in one pass.
///
/// # Errors
/// When it cannot be read.
pub(super) fn digest(of: &dyn Readable, tail: &[u8], kind: Hash) -> io::Result<Vec<u8>> {
    struct Into(Stream);
    impl Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Into(Stream::new(kind));
    let mut reading = Reading::new(of);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = reading.read(&mut piece)?;
        if count == 0 {
            hash.write_all(tail)?;
            return Ok(hash.0.finish());
        }
        hash.write_all(piece.get(..count).unwrap_or_default())?;
    }
}
