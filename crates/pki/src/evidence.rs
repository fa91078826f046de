//! Evidence records (RFC 4998): one time-stamp covers thousands of digests. Each holder keeps the few hashes that lead from their own
//! digest to the one that was stamped, and nothing of the others.
//!
//! A record has one chain of time-stamps: a newer one is added over the one before while that is still good (section 5.2). Records
//! of several chains, whose objects were hashed anew by another algorithm (section 5.3), are refused and not half checked.

use crate::algorithm::Digest;
use crate::timestamp::{self, Checked};
use crate::{Error, malformed};
use der::asn1::{Any, OctetString};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;

/// Longest record read.
pub const LONGEST: usize = 1024 * 1024;
/// Most digests under one time-stamp.
pub const MOST: usize = 1 << 20;

/// `ArchiveTimeStamp` (section 4.1).
#[derive(Clone, Debug, Sequence)]
struct Archive {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    digest: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    attributes: Option<der::asn1::SetOfVec<Attribute>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    reduced: Option<Vec<Vec<OctetString>>>,
    stamp: Any,
}

/// `EvidenceRecord` (section 3.1).
#[derive(Clone, Debug, Sequence)]
struct Record {
    version: u8,
    digests: Vec<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    crypto: Option<Vec<Attribute>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    encryption: Option<Vec<Any>>,
    chains: Vec<Vec<Archive>>,
}

/// A hash tree over digests (section 4.2). Two neighbours are put in ascending order, joined and hashed; an odd one out goes up as it is.
#[derive(Clone, Debug)]
pub struct Tree {
    digest: Digest,
    levels: Vec<Vec<Vec<u8>>>,
}

impl Tree {
    /// Builds the tree over the digests of objects, in any order.
    ///
    /// # Errors
    /// [`Error::Refused`] for none, for too many, or for one of another length.
    pub fn new(digest: Digest, leaves: Vec<Vec<u8>>) -> Result<Self, Error> {
        if leaves.is_empty() || leaves.len() > MOST || leaves.iter().any(|leaf| leaf.len() != digest.length()) {
            return Err(Error::Refused("a tree is built over 1 to 1048576 digests of one kind"));
        }
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [one, other] => joined(digest, vec![one, other]),
                _ => pair.concat(),
            });
            let above = above.collect();
            levels.push(above);
        }
        Ok(Self { digest, levels })
    }

    /// What is to be stamped.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.levels.last().and_then(|level| level.first()).map_or(&[], Vec::as_slice)
    }

    /// The record of the leaf at `place`, once `token` stamps the root; in DER.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is no such leaf, or the token is over something else; as [`timestamp::check`].
    pub fn record(&self, place: usize, token: &[u8]) -> Result<Vec<u8>, Error> {
        timestamp::check(token, self.digest, self.root(), None)?;
        let own = self.levels.first().and_then(|leaves| leaves.get(place));
        let own = own.ok_or(Error::Refused("the tree has no such leaf"))?;
        let mut reduced: Vec<Vec<OctetString>> = Vec::new();
        let mut at = place;
        for level in &self.levels {
            if let Some(other) = level.get(at ^ 1) {
                let mut list = vec![other];
                if reduced.is_empty() {
                    list.push(own);
                    list.sort();
                }
                let wrap = |bytes: &&Vec<u8>| OctetString::new(bytes.as_slice()).map_err(malformed("a digest"));
                reduced.push(list.iter().map(wrap).collect::<Result<_, _>>()?);
            }
            at /= 2;
        }
        let archive = Archive {
            digest: Some(self.digest.identifier()),
            attributes: None,
            reduced: (!reduced.is_empty()).then_some(reduced),
            stamp: Any::from_der(token).map_err(malformed("a token"))?,
        };
        let record = Record {
            version: 1,
            digests: vec![self.digest.identifier()],
            crypto: None,
            encryption: None,
            chains: vec![vec![archive]],
        };
        record.to_der().map_err(malformed("an evidence record"))
    }
}

/// The hash of several, joined in ascending order.
fn joined(digest: Digest, mut all: Vec<&Vec<u8>>) -> Vec<u8> {
    all.sort();
    let whole: Vec<u8> = all.into_iter().flatten().copied().collect();
    digest.of(&whole)
}

/// What the next time-stamp of a record must cover: the digest of its newest one.
///
/// # Errors
/// As [`check`], the object aside.
pub fn to_renew(der: &[u8]) -> Result<(Digest, Vec<u8>), Error> {
    let (_, chain) = read(der)?;
    let newest = chain.last().ok_or(Error::Malformed("an evidence record"))?;
    let digest = of_archive(newest)?;
    Ok((digest, digest.of(&newest.stamp.to_der().map_err(malformed("a token"))?)))
}

/// Adds a newer time-stamp, over what [`to_renew`] gave.
///
/// # Errors
/// As [`check`]; [`Error::Refused`] when the token is over something else.
pub fn renew(der: &[u8], token: &[u8]) -> Result<Vec<u8>, Error> {
    let (digest, over) = to_renew(der)?;
    timestamp::check(token, digest, &over, None)?;
    let (mut record, mut chain) = read(der)?;
    let stamp = Any::from_der(token).map_err(malformed("a token"))?;
    chain.push(Archive { digest: Some(digest.identifier()), attributes: None, reduced: None, stamp });
    record.chains = vec![chain];
    record.to_der().map_err(malformed("an evidence record"))
}

fn read(der: &[u8]) -> Result<(Record, Vec<Archive>), Error> {
    if der.len() > LONGEST {
        return Err(Error::Refused("this evidence record is too long"));
    }
    let record = Record::from_der(der).map_err(malformed("an evidence record"))?;
    if record.version != 1 || record.encryption.is_some() {
        return Err(Error::Refused("an evidence record of another version, or over encrypted objects"));
    }
    match record.chains.as_slice() {
        [chain] if !chain.is_empty() => Ok((record.clone(), chain.clone())),
        _ => Err(Error::Refused("an evidence record of several chains is not checked here")),
    }
}

/// The digest algorithm of an archive time-stamp: its own, else that of its stamp (section 4.1).
fn of_archive(archive: &Archive) -> Result<Digest, Error> {
    match &archive.digest {
        Some(identifier) => Digest::from_identifier(identifier),
        None => timestamp::digest_of(&archive.stamp.to_der().map_err(malformed("a token"))?),
    }
}

/// Checks a record about an object of this digest. Gives its time-stamps, oldest first; whether to trust their certificates, and
/// whether each was still good when the next one was made, is the caller's question.
///
/// # Errors
/// [`Error::Malformed`], [`Error::BadSignature`]; [`Error::Refused`] when the record is about something else.
pub fn check(der: &[u8], digest: Digest, object: &[u8]) -> Result<Vec<Checked>, Error> {
    let (record, chain) = read(der)?;
    let mut hash = object.to_vec();
    let mut stamps: Vec<Checked> = Vec::new();
    for archive in &chain {
        let own = of_archive(archive)?;
        if own != digest || !record.digests.iter().any(|one| Digest::from_identifier(one) == Ok(own)) {
            return Err(Error::Refused("the record uses another digest algorithm"));
        }
        let token = archive.stamp.to_der().map_err(malformed("a token"))?;
        let checked = timestamp::check(&token, digest, &root_of(archive, digest, hash)?, None)?;
        if stamps.last().is_some_and(|before| before.at > checked.at) {
            return Err(Error::Refused("a newer time-stamp of the record is earlier than the one before"));
        }
        stamps.push(checked);
        hash = digest.of(&token);
    }
    Ok(stamps)
}

/// From a digest to the root (section 4.3).
fn root_of(archive: &Archive, digest: Digest, own: Vec<u8>) -> Result<Vec<u8>, Error> {
    let Some(lists) = &archive.reduced else { return Ok(own) };
    let mut hash = own;
    for (number, list) in lists.iter().enumerate() {
        let mut all: Vec<Vec<u8>> = list.iter().map(|one| one.as_bytes().to_vec()).collect();
        if all.is_empty() || all.iter().any(|one| one.len() != digest.length()) {
            return Err(Error::Malformed("a hash tree"));
        }
        if number > 0 {
            all.push(hash);
        } else if !all.contains(&hash) {
            return Err(Error::Refused("the record is about another object"));
        }
        hash = joined(digest, all.iter().collect());
    }
    Ok(hash)
}
