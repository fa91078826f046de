//! One entry of the log: that something happened, roughly when, and a commitment to what it was.
//!
//! A leaf says nothing about a person. The event itself lies sealed elsewhere; whoever is given the event and
//! its key can check it against the leaf, and when the sealed event is erased the tree stays whole.

use lionrock_crypto::mac;

use crate::tag::Tag;

/// One entry: `version | event id | type | coarse time | keyed commitment`.
///
/// Encoding (all integers big-endian); version 1 of entries about nobody, version 2 of entries about a person:
///
/// | bytes | meaning |
/// |---|---|
/// | 1 | version, `0x01` or `0x02` |
/// | 16 | event id, random (never time-ordered: that would undo the coarse time) |
/// | 1 + n | length of the type, then the type: 1 to 64 of `a-z 0-9 . -`, beginning with a letter |
/// | 8 | Unix seconds, rounded down to the hour |
/// | 32 | commitment, see [`commitment`] |
/// | 16 | version 2 alone: the person's [tag](crate::tag) |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Random id of the event.
    pub event: [u8; 16],
    /// What kind of event, as in `custody.closed`.
    pub kind: Kind,
    /// When, to the hour.
    pub time: CoarseTime,
    /// HMAC of the event under the event's own key.
    pub commitment: [u8; 32],
    /// The tag of the person it is about.
    pub tag: Option<Tag>,
}

impl Leaf {
    /// Makes the leaf of an event.
    ///
    /// `event` is 16 random bytes, `key` 32 random bytes of this event alone, `canonical` the event's
    /// bytes exactly as they are kept; whoever verifies hashes the same bytes.
    pub fn commit(event: [u8; 16], kind: Kind, time: CoarseTime, key: &[u8; 32], canonical: &[u8]) -> Leaf {
        let commitment = commitment(key, &event, &kind, canonical);
        Leaf { event, kind, time, commitment, tag: None }
    }

    /// The same entry, about the person whose tag this is.
    #[must_use]
    pub fn tagged(self, tag: Tag) -> Leaf {
        Leaf { tag: Some(tag), ..self }
    }

    /// Does this leaf commit to these bytes under this key? Constant time.
    pub fn opens(&self, key: &[u8; 32], canonical: &[u8]) -> bool {
        mac::verify(key, &message(&self.event, &self.kind, canonical), &self.commitment)
    }

    /// The entry's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let kind = self.kind.0.as_bytes();
        let mut bytes = Vec::with_capacity(FIXED + kind.len());
        bytes.push(if self.tag.is_some() { TAGGED } else { VERSION });
        bytes.extend_from_slice(&self.event);
        bytes.push(u8::try_from(kind.len()).unwrap_or(u8::MAX)); // Kind is at most 64 bytes
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(&self.time.0.to_be_bytes());
        bytes.extend_from_slice(&self.commitment);
        if let Some(tag) = &self.tag {
            bytes.extend_from_slice(tag);
        }
        bytes
    }

    /// Reads an entry; there is exactly one encoding of each leaf.
    pub fn decode(bytes: &[u8]) -> Result<Leaf, Error> {
        let (&version, rest) = bytes.split_first().ok_or(Error::Length)?;
        if !matches!(version, VERSION | TAGGED) {
            return Err(Error::Version(version));
        }
        let (&event, rest) = rest.split_first_chunk::<16>().ok_or(Error::Length)?;
        let (&length, rest) = rest.split_first().ok_or(Error::Length)?;
        let (kind, rest) = rest.split_at_checked(usize::from(length)).ok_or(Error::Length)?;
        let kind = std::str::from_utf8(kind).map_err(|_| Error::Kind)?;
        let (&time, rest) = rest.split_first_chunk::<8>().ok_or(Error::Length)?;
        let (&commitment, rest) = rest.split_first_chunk::<32>().ok_or(Error::Length)?;
        let tag = match version {
            TAGGED => Some(rest.try_into().map_err(|_| Error::Length)?),
            _ if rest.is_empty() => None,
            _ => return Err(Error::Length),
        };
        Ok(Leaf {
            event,
            kind: Kind::parse(kind)?,
            time: CoarseTime::from_seconds(u64::from_be_bytes(time))?,
            commitment,
            tag,
        })
    }
}

/// `HMAC-SHA-256(key, "lionrock leaf v1" ‖ 0x00 ‖ event id ‖ length of type ‖ type ‖ event)`.
///
/// The id and type stand inside, so a commitment cannot be moved to another leaf.
pub fn commitment(key: &[u8; 32], event: &[u8; 16], kind: &Kind, canonical: &[u8]) -> [u8; 32] {
    mac::hmac_sha256(key, &message(event, kind, canonical))
}

/// Type of an event: dotted lower-case words such as `account.signed-in`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(String);

impl Kind {
    /// Longest type in bytes.
    pub const LONGEST: usize = 64;

    /// Reads a type: 1 to 64 of `a-z 0-9 . -`, beginning with a letter.
    pub fn parse(text: &str) -> Result<Kind, Error> {
        let fits = (1..=Kind::LONGEST).contains(&text.len());
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
        if fits && begins && plain { Ok(Kind(text.to_owned())) } else { Err(Error::Kind) }
    }

    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A time in whole hours, so that a public entry does not tell when exactly somebody did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoarseTime(u64);

impl CoarseTime {
    /// Seconds in a step.
    pub const STEP: u64 = 3600;

    /// Rounds Unix milliseconds down to the hour; a time before 1970 becomes 0.
    pub fn from_millis(millis: i64) -> CoarseTime {
        let seconds = u64::try_from(millis).unwrap_or(0) / 1000;
        CoarseTime(seconds - seconds % CoarseTime::STEP)
    }

    /// Reads Unix seconds that are a whole hour already.
    pub fn from_seconds(seconds: u64) -> Result<CoarseTime, Error> {
        if seconds.is_multiple_of(CoarseTime::STEP) { Ok(CoarseTime(seconds)) } else { Err(Error::Time) }
    }

    /// Unix seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

/// Why bytes are not a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a type.
    #[error("the type of an entry is 1 to 64 of a-z, 0-9, dot and hyphen, beginning with a letter")]
    Kind,
    /// Too short or too long.
    #[error("the entry is cut short or has bytes left over")]
    Length,
    /// Finer than an hour.
    #[error("the time of an entry is not a whole hour")]
    Time,
    /// A version this program does not know.
    #[error("version {0} of an entry is not known to this program")]
    Version(u8),
}

fn message(event: &[u8; 16], kind: &Kind, canonical: &[u8]) -> Vec<u8> {
    let kind = kind.0.as_bytes();
    let mut message = Vec::with_capacity(CONTEXT.len() + 17 + kind.len() + canonical.len());
    message.extend_from_slice(CONTEXT);
    message.extend_from_slice(event);
    message.push(u8::try_from(kind.len()).unwrap_or(u8::MAX));
    message.extend_from_slice(kind);
    message.extend_from_slice(canonical);
    message
}

const VERSION: u8 = 1;
const TAGGED: u8 = 2;
const CONTEXT: &[u8] = b"lionrock leaf v1\0";
const FIXED: usize = 1 + 16 + 1 + 8 + 32;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn leaf() -> Leaf {
        let kind = Kind::parse("custody.closed").unwrap();
        Leaf::commit([7; 16], kind, CoarseTime::from_millis(1_795_430_123_456), &[9; 32], b"{\"a\":1}")
    }

    #[test]
    fn encodes_field_by_field() {
        let bytes = leaf().encode();
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[1..17], [7; 16]);
        assert_eq!(bytes[17], 14);
        assert_eq!(&bytes[18..32], b"custody.closed");
        assert_eq!(u64::from_be_bytes(bytes[32..40].try_into().unwrap()), 1_795_428_000);
        assert_eq!(bytes.len(), 72);
        assert_eq!(Leaf::decode(&bytes).unwrap(), leaf());
    }

    #[test]
    fn refuses_every_other_encoding() {
        let bytes = leaf().encode();
        for cut in 0..bytes.len() {
            assert!(Leaf::decode(&bytes[..cut]).is_err(), "{cut} bytes");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Leaf::decode(&longer), Err(Error::Length));
        let mut newer = bytes.clone();
        newer[0] = 2;
        assert_eq!(Leaf::decode(&newer), Err(Error::Length), "a tag is missing");
        newer[0] = 3;
        assert_eq!(Leaf::decode(&newer), Err(Error::Version(3)));
        let tagged = Leaf { tag: Some([7; 16]), ..leaf() };
        assert_eq!(Leaf::decode(&tagged.encode()).as_ref(), Ok(&tagged));
        assert_eq!(Leaf::decode(&tagged.encode()[..tagged.encode().len() - 1]), Err(Error::Length));
        let mut finer = bytes.clone();
        finer[39] ^= 1;
        assert_eq!(Leaf::decode(&finer), Err(Error::Time));
        let mut capital = bytes;
        capital[18] = b'C';
        assert_eq!(Leaf::decode(&capital), Err(Error::Kind));
    }

    #[test]
    fn commits_to_event_key_id_and_type() {
        let good = leaf();
        assert!(good.opens(&[9; 32], b"{\"a\":1}"));
        assert!(!good.opens(&[9; 32], b"{\"a\":2}"));
        assert!(!good.opens(&[8; 32], b"{\"a\":1}"));
        let moved = Leaf { event: [6; 16], ..good.clone() };
        assert!(!moved.opens(&[9; 32], b"{\"a\":1}"));
        let renamed = Leaf { kind: Kind::parse("custody.opened").unwrap(), ..good };
        assert!(!renamed.opens(&[9; 32], b"{\"a\":1}"));
    }

    #[test]
    fn types_are_plain() {
        for bad in ["", "A", "1a", ".a", "a b", "a_b", "é", &"a".repeat(65)] {
            assert_eq!(Kind::parse(bad), Err(Error::Kind), "{bad}");
        }
        assert!(Kind::parse(&"a".repeat(64)).is_ok());
    }
}
