//! Whether the files of a backup, the ring and the residents' keys belong together.

use super::Trouble;
use super::file::{Header, Reader};
use super::rows::{Content, Counts, Frame, Seal};
use crate::Fault;
use lionrock_crypto::hpke::KeyPair;
use lionrock_crypto::ring::{KeyRing, Signer};
use lionrock_crypto::sign::Algorithm;
use lionrock_store::{Value, key_ring};
use std::path::Path;

/// Compares, resident by resident, the key that the data was sealed with and the key that is there: both files are in the order of
/// ids, so one look at each is enough.
pub(super) struct Prints<'a> {
    ring: &'a KeyRing,
    keys: Content,
    /// The key looked at last.
    now: Option<([u8; 16], Vec<u8>)>,
    turned: u64,
}

impl<'a> Prints<'a> {
    pub(super) fn open(ring: &'a KeyRing, path: &Path, custodians: &[KeyPair]) -> Result<Self, Trouble> {
        let mut own = Self { ring, keys: Content::new(Reader::open(path, custodians)?), now: None, turned: 0 };
        own.next()?;
        Ok(own)
    }

    fn next(&mut self) -> Result<(), Trouble> {
        self.now = None;
        while let Some(frame) = self.keys.frame()? {
            if let Frame::Key(id, key) = frame {
                self.now = Some((id, key));
                break;
            }
        }
        Ok(())
    }

    pub(super) fn compare(&mut self, id: &[u8; 16], print: &[u8; 16]) -> Result<(), Trouble> {
        while self.now.as_ref().is_some_and(|(known, _)| known < id) {
            self.next()?;
        }
        // Without a key the person was erased since; the ledger says so.
        let Some((_, key)) = self.now.as_ref().filter(|(known, _)| known == id) else { return Ok(()) };
        if self.ring.resident_print(id, key).map_err(Fault::from)? != *print {
            self.turned += 1;
        }
        Ok(())
    }

    pub(super) fn judge(&self) -> Result<(), Trouble> {
        match self.turned {
            0 => Ok(()),
            one => Err(Trouble::KeysTurned { missing: format!("the own keys of {one} residents") }),
        }
    }
}

/// Was this file made by the holder of the ring's keys?
pub(super) fn ours(ring: &KeyRing, path: &Path, seal: Option<&Seal>) -> Result<(), Trouble> {
    let holds = |seal: &Seal| {
        let known = ring.verifiers(Signer::Receipt).unwrap_or_default();
        known.iter().any(|(_, key)| key.verify(Algorithm::EdDsa, &seal.digest, &seal.signature).is_ok())
    };
    if seal.is_some_and(holds) { Ok(()) } else { Err(Trouble::NotOurs { path: path.to_path_buf() }) }
}

/// Reads the whole key file; the wrapped keys of the ring.
pub(super) fn ring_entries(path: &Path, custodians: &[KeyPair]) -> Result<Ring, Trouble> {
    let mut content = Content::new(Reader::open(path, custodians)?);
    let (mut entries, mut columns) = (Vec::new(), Vec::new());
    while let Some(frame) = content.frame()? {
        match frame {
            Frame::Table(name, names) if name == "key_ring" => columns = names,
            Frame::Table(..) => return Err(content.reader.wrong("a key file holds keys alone")),
            Frame::Row(row) => {
                let value = |name: &str| row.iter().zip(&columns).find(|(_, column)| *column == name).map(|(v, _)| v);
                let (Some(Value::Text(name)), Some(Value::Int(epoch)), Some(Value::Bytes(sealed_key))) =
                    (value("name"), value("epoch"), value("sealed_key"))
                else {
                    return Err(content.reader.wrong("a wrapped key in it is none"));
                };
                let epoch = u32::try_from(*epoch).map_err(|_| content.reader.wrong("a wrapped key in it is none"))?;
                entries.push(key_ring::Entry { name: name.clone(), epoch, sealed_key: sealed_key.clone() });
            }
            Frame::Key(..) | Frame::Print(..) => {}
        }
    }
    Ok((content.counts().clone(), entries, content.seal().cloned()))
}

/// The counts of a key file, the ring's wrapped keys, and who made it.
pub(super) type Ring = (Counts, Vec<key_ring::Entry>, Option<Seal>);

/// Refuses data whose keys were destroyed since.
pub(super) fn turned(data: &Header, entries: &[key_ring::Entry]) -> Result<(), Trouble> {
    let there: Vec<String> = entries.iter().map(|entry| format!("{}/{}", entry.name, entry.epoch)).collect();
    // Rows are sealed with keys of purposes and compared with codes; other keys may come and go.
    let needed = |key: &&String| key.starts_with("domain/") || key.starts_with("mac/");
    match data.ring.iter().filter(needed).find(|key| !there.contains(key)) {
        Some(missing) => Err(Trouble::KeysTurned { missing: missing.clone() }),
        None => Ok(()),
    }
}
