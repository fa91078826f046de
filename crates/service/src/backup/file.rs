//! One file of a backup: a header anybody can read, and content only the custodian can open.
//!
//! ```text
//! "lionrock backup v1\n" ‖ length of the header (4, big-endian) ‖ header, JSON ‖ sealed key of the file (80) ‖ sealed chunks
//! ```
//! The chunks are those of `lionrock_crypto::backup`: the header is bound to every one of them. Format: `docs/formats/backup.md`.

use super::Trouble;
use lionrock_crypto::backup::{CHUNK, Custodian, Opener, SEALED_KEY, Sealer, TAG};
use lionrock_crypto::digest::{Sha256, sha256};
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::random::Entropy;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize as _, Zeroizing};

const MAGIC: &[u8] = b"lionrock backup v1\n";
const FAMILY: &[u8] = b"lionrock backup v";
const LARGEST_HEADER: u32 = 1024 * 1024;

/// What a file says of itself before it is opened. Members stand in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The signed checkpoint of the ledger as it was; none when nothing was signed yet.
    pub checkpoint: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Who can open it: the id of the custodian's key, hexadecimal.
    pub custodian: String,
    /// The name of the ledger, with realm and place inside.
    pub origin: String,
    /// `data` or `keys`.
    pub part: String,
    /// The realm.
    pub realm: String,
    /// Keys of the ring as they were, `name/epoch`.
    pub ring: Vec<String>,
    /// Root hash of the ledger, base64; empty when it had no entry.
    pub root: String,
    /// Version of the schema.
    pub schema: u32,
    /// Entries of the ledger.
    pub size: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the content.
    pub plain: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// Writes one file, in a constant amount of memory.
pub struct Writer {
    path: PathBuf,
    file: File,
    sealer: Sealer,
    buffer: Vec<u8>,
    digest: Sha256,
    /// Over the header and all content so far.
    content: Sha256,
    bytes: u64,
    plain: u64,
}

impl Writer {
    /// Begins a new file, readable by its owner alone.
    ///
    /// # Errors
    /// [`Trouble::Place`] when it cannot be written; [`Trouble::Key`] when the custodian's key is no key.
    pub fn create(path: &Path, header: &Header, custodian: &Custodian, entropy: &dyn Entropy) -> Result<Self, Trouble> {
        use std::os::unix::fs::OpenOptionsExt;
        let options = File::options().write(true).create_new(true).mode(0o600).open(path);
        let file = options.map_err(|error| Trouble::place(path, &error))?;
        let header = serde_json::to_vec(header).map_err(crate::Fault::from)?;
        let (sealer, key) = Sealer::begin(custodian, &header, entropy)?;
        let mut writer = Self {
            path: path.to_path_buf(),
            file,
            sealer,
            buffer: Vec::with_capacity(CHUNK),
            digest: Sha256::default(),
            content: about(&header),
            bytes: 0,
            plain: 0,
        };
        let length = u32::try_from(header.len()).unwrap_or(u32::MAX).to_be_bytes();
        writer.put(&[MAGIC, &length, &header, &key].concat())?;
        Ok(writer)
    }

    /// Appends content.
    ///
    /// # Errors
    /// [`Trouble::Place`] when the disk takes no more.
    pub fn write(&mut self, mut content: &[u8]) -> Result<(), Trouble> {
        self.plain += content.len() as u64;
        self.content.update(content);
        while !content.is_empty() {
            if self.buffer.len() == CHUNK {
                self.seal(false)?;
            }
            let (now, later) = content.split_at(content.len().min(CHUNK - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            content = later;
        }
        Ok(())
    }

    /// What a signature over everything up to here signs.
    #[must_use]
    pub fn to_sign(&self) -> [u8; 32] {
        self.content.clone().finish()
    }

    /// Writes the last chunk and makes sure that all of it is on the disk.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn finish(mut self) -> Result<Written, Trouble> {
        self.seal(true)?;
        self.file.sync_all().map_err(|error| Trouble::place(&self.path, &error))?;
        Ok(Written { bytes: self.bytes, plain: self.plain, digest: self.digest.finish() })
    }

    fn seal(&mut self, last: bool) -> Result<(), Trouble> {
        let sealed = self.sealer.chunk(&self.buffer, last)?;
        self.buffer.zeroize();
        self.put(&sealed)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.file.write_all(bytes).map_err(|error| Trouble::place(&self.path, &error))?;
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Reads one file, in a constant amount of memory. What it gives was sealed exactly so; the end comes only where the file
/// was ended.
pub struct Reader {
    path: PathBuf,
    file: File,
    opener: Opener,
    /// The header.
    pub header: Header,
    /// SHA-256 of the header as written: names the file.
    pub id: [u8; 32],
    /// The next sealed chunk; empty behind the last.
    ahead: Vec<u8>,
    chunk: Zeroizing<Vec<u8>>,
    at: usize,
    read: u64,
    content: Sha256,
}

impl Reader {
    /// Reads the header alone, which nobody vouches for yet.
    ///
    /// # Errors
    /// [`Trouble::NotABackup`], [`Trouble::Format`]; [`Trouble::Place`] when the file cannot be read.
    pub fn header(path: &Path) -> Result<Header, Trouble> {
        let mut file = File::open(path).map_err(|error| Trouble::place(path, &error))?;
        let bytes = preamble(path, &mut file)?;
        serde_json::from_slice(&bytes).map_err(|_| Trouble::NotABackup { path: path.to_path_buf() })
    }

    /// Opens a file with whichever key it was sealed to.
    ///
    /// # Errors
    /// [`Trouble::WrongCustodian`] when none of the keys is; [`Trouble::Damaged`]; as [`Reader::header`].
    pub fn open(path: &Path, custodians: &[KeyPair]) -> Result<Self, Trouble> {
        let mut file = File::open(path).map_err(|error| Trouble::place(path, &error))?;
        let bytes = preamble(path, &mut file)?;
        let header: Header =
            serde_json::from_slice(&bytes).map_err(|_| Trouble::NotABackup { path: path.to_path_buf() })?;
        let mut key = [0; SEALED_KEY];
        file.read_exact(&mut key).map_err(|_| Trouble::damaged(path, "it ends within its first bytes"))?;
        let pair = custodians.iter().find(|pair| super::hex(&Custodian::new(*pair.public()).id()) == header.custodian);
        let pair = pair
            .ok_or_else(|| Trouble::WrongCustodian { path: path.to_path_buf(), sealed_to: header.custodian.clone() })?;
        let opener = Opener::begin(pair, &bytes, &key)
            .map_err(|_| Trouble::damaged(path, "its header or its key is not the one that was written"))?;
        let mut reader = Self {
            path: path.to_path_buf(),
            file,
            opener,
            header,
            id: sha256(&bytes),
            ahead: Vec::new(),
            chunk: Zeroizing::new(Vec::new()),
            at: 0,
            read: 0,
            content: about(&bytes),
        };
        reader.ahead = reader.sealed()?;
        if reader.ahead.is_empty() {
            return Err(Trouble::damaged(path, "it was cut"));
        }
        Ok(reader)
    }

    /// Fills the whole slice; false when the content ended before its first byte.
    ///
    /// # Errors
    /// [`Trouble::Damaged`] when any byte up to here is not the one written, or the content ends within.
    pub fn take(&mut self, to: &mut [u8]) -> Result<bool, Trouble> {
        let mut done = 0;
        while let Some(rest) = to.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let left = self.chunk.get(self.at..).unwrap_or_default();
            let count = left.len().min(rest.len());
            rest.iter_mut().zip(left).for_each(|(to, from)| *to = *from);
            self.at += count;
            done += count;
            if count == 0 && !self.next_chunk()? {
                return if done == 0 { Ok(false) } else { Err(self.cut()) };
            }
        }
        self.content.update(to);
        Ok(true)
    }

    /// What a signature over everything given so far must sign.
    #[must_use]
    pub fn signed(&self) -> [u8; 32] {
        self.content.clone().finish()
    }

    /// Bytes of content given so far.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.read
    }

    /// The fault of content that ends where something should follow.
    #[must_use]
    pub fn cut(&self) -> Trouble {
        Trouble::damaged(&self.path, "its content ends too early")
    }

    /// The fault of content that is not what a backup holds.
    #[must_use]
    pub fn wrong(&self, what: &'static str) -> Trouble {
        Trouble::damaged(&self.path, what)
    }

    fn next_chunk(&mut self) -> Result<bool, Trouble> {
        if self.ahead.is_empty() {
            return Ok(false);
        }
        let next = if self.ahead.len() == CHUNK + TAG { self.sealed()? } else { Vec::new() };
        let opened = self.opener.chunk(&self.ahead, next.is_empty());
        self.chunk = opened.map_err(|_| Trouble::damaged(&self.path, "bytes were changed, cut, moved or added"))?;
        self.read += self.chunk.len() as u64;
        self.ahead = next;
        self.at = 0;
        Ok(true)
    }

    fn sealed(&mut self) -> Result<Vec<u8>, Trouble> {
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        let limit = (CHUNK + TAG) as u64;
        let read = std::io::Read::by_ref(&mut self.file).take(limit).read_to_end(&mut sealed);
        read.map_err(|error| Trouble::place(&self.path, &error))?;
        Ok(sealed)
    }
}

/// The beginning of what is signed: this use, and the header.
fn about(header: &[u8]) -> Sha256 {
    let mut digest = Sha256::default();
    digest.update(b"lionrock backup signature v1\0");
    digest.update(&sha256(header));
    digest
}

/// The bytes of the header.
fn preamble(path: &Path, file: &mut File) -> Result<Vec<u8>, Trouble> {
    let strange = || Trouble::NotABackup { path: path.to_path_buf() };
    let mut exactly = |bytes: &mut [u8]| {
        file.read_exact(bytes).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => strange(),
            _ => Trouble::place(path, &error),
        })
    };
    let mut magic = [0; MAGIC.len()];
    exactly(&mut magic)?;
    if magic != MAGIC {
        let version = magic.strip_prefix(FAMILY).map(|rest| String::from_utf8_lossy(rest).trim().to_owned());
        return Err(version.map_or_else(strange, |found| Trouble::Format { path: path.to_path_buf(), found }));
    }
    let mut length = [0; 4];
    exactly(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LARGEST_HEADER {
        return Err(strange());
    }
    let mut header = vec![0; length as usize];
    exactly(&mut header)?;
    Ok(header)
}
