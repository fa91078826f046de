//! CBOR as WebAuthn uses it: the CTAP2 canonical form only (WebAuthn L3 section 2.1, CTAP 2.2 section 8).
//!
//! Definite lengths, shortest heads, sorted and unique map keys, no tags, no floats, few levels. Whether input is
//! canonical is decided by writing it again and comparing, so reader and writer cannot disagree.

use minicbor::data::{Int, Type};
use minicbor::{Decoder, Encoder};

/// Deepest nesting accepted: CTAP2 allows four levels, an attestation object adds one around its statement.
const DEEPEST: u8 = 5;
/// Most bytes of one item; a packed attestation with a chain of four certificates stays well below.
const LONGEST: usize = 16 * 1024;
/// Most entries of one array or map.
const MOST_ENTRIES: u64 = 32;

/// One decoded item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Integer, signed or unsigned.
    Int(i64),
    /// Byte string.
    Bytes(Vec<u8>),
    /// Text string.
    Text(String),
    /// Array.
    Array(Vec<Value>),
    /// Map in the order of its keys.
    Map(Vec<(Value, Value)>),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
}

impl Value {
    /// The value under a text key of a map.
    #[must_use]
    pub fn text_key(&self, key: &str) -> Option<&Value> {
        self.entries()?.iter().find(|(k, _)| matches!(k, Value::Text(t) if t == key)).map(|(_, v)| v)
    }

    /// The value under an integer key of a map.
    #[must_use]
    pub fn int_key(&self, key: i64) -> Option<&Value> {
        self.entries()?.iter().find(|(k, _)| *k == Value::Int(key)).map(|(_, v)| v)
    }

    /// The entries of a map.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Value, Value)]> {
        if let Value::Map(entries) = self { Some(entries) } else { None }
    }

    /// The bytes of a byte string.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Value::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The integer.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        if let Value::Int(int) = self { Some(*int) } else { None }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }

    /// Canonical encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // Writing into a vector cannot fail; were it to, the missing bytes would fail the comparison in `decode`.
        let _ = self.write(&mut Encoder::new(&mut out));
        out
    }

    fn write(
        &self,
        encoder: &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
        match self {
            Value::Int(int) => encoder.i64(*int).map(drop),
            Value::Bytes(bytes) => encoder.bytes(bytes).map(drop),
            Value::Text(text) => encoder.str(text).map(drop),
            Value::Bool(bool) => encoder.bool(*bool).map(drop),
            Value::Null => encoder.null().map(drop),
            Value::Array(items) => {
                encoder.array(items.len() as u64)?;
                items.iter().try_for_each(|item| item.write(encoder))
            }
            Value::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().map(|(k, v)| (k.encode(), v)).collect();
                sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                encoder.map(entries.len() as u64)?;
                sorted.into_iter().try_for_each(|(key, value)| {
                    encoder.writer_mut().extend_from_slice(&key);
                    value.write(encoder)
                })
            }
        }
    }
}

/// Why an item was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Ends early, or bytes that start no item.
    #[error("malformed CBOR")]
    Malformed,
    /// Not the canonical form: long heads, unsorted or repeated keys, indefinite lengths.
    #[error("CBOR is not in canonical form")]
    NotCanonical,
    /// Too long, too deep or too many entries.
    #[error("CBOR is larger than a passkey needs")]
    TooLarge,
    /// A tag, float, undefined or simple value.
    #[error("CBOR of a kind that is not used here")]
    Kind,
    /// Bytes after the item.
    #[error("bytes after the CBOR item")]
    Trailing,
    /// The item is sound but not the structure expected.
    #[error("CBOR of another structure")]
    Structure,
}

/// Decodes exactly one item.
///
/// # Errors
/// [`CborError`], also for bytes after the item.
pub fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    let (value, rest) = decode_first(bytes)?;
    if rest.is_empty() { Ok(value) } else { Err(CborError::Trailing) }
}

/// Decodes the item at the start and returns it with what follows.
///
/// # Errors
/// [`CborError`] when the first item is not acceptable.
pub fn decode_first(bytes: &[u8]) -> Result<(Value, &[u8]), CborError> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, DEEPEST)?;
    let used = decoder.position();
    if used > LONGEST {
        return Err(CborError::TooLarge);
    }
    let (item, rest) = bytes.split_at_checked(used).ok_or(CborError::Malformed)?;
    if value.encode() != item {
        return Err(CborError::NotCanonical);
    }
    Ok((value, rest))
}

fn read(decoder: &mut Decoder<'_>, levels: u8) -> Result<Value, CborError> {
    let kind = decoder.datatype().map_err(|_| CborError::Malformed)?;
    Ok(match kind {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let int: Int = decoder.int().map_err(|_| CborError::Malformed)?;
            Value::Int(i64::try_from(i128::from(int)).map_err(|_| CborError::TooLarge)?)
        }
        Type::Bytes => Value::Bytes(decoder.bytes().map_err(|_| CborError::Malformed)?.to_vec()),
        Type::String => Value::Text(decoder.str().map_err(|_| CborError::Malformed)?.to_owned()),
        Type::Bool => Value::Bool(decoder.bool().map_err(|_| CborError::Malformed)?),
        Type::Null => {
            decoder.null().map_err(|_| CborError::Malformed)?;
            Value::Null
        }
        Type::Array => {
            let levels = levels.checked_sub(1).ok_or(CborError::TooLarge)?;
            let length = length(decoder.array())?;
            let mut items = Vec::new();
            for _ in 0..length {
                items.push(read(decoder, levels)?);
            }
            Value::Array(items)
        }
        Type::Map => {
            let levels = levels.checked_sub(1).ok_or(CborError::TooLarge)?;
            let length = length(decoder.map())?;
            let mut entries: Vec<(Value, Value)> = Vec::new();
            for _ in 0..length {
                let key = read(decoder, 0)?;
                if entries.iter().any(|(known, _)| *known == key) {
                    return Err(CborError::NotCanonical);
                }
                entries.push((key, read(decoder, levels)?));
            }
            Value::Map(entries)
        }
        Type::ArrayIndef | Type::MapIndef | Type::BytesIndef | Type::StringIndef | Type::Break => {
            return Err(CborError::NotCanonical);
        }
        _ => return Err(CborError::Kind),
    })
}

fn length(read: Result<Option<u64>, minicbor::decode::Error>) -> Result<u64, CborError> {
    match read.map_err(|_| CborError::Malformed)? {
        None => Err(CborError::NotCanonical),
        Some(many) if many > MOST_ENTRIES => Err(CborError::TooLarge),
        Some(few) => Ok(few),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let value = Value::Map(vec![
            (Value::Int(1), Value::Int(-257)),
            (Value::Int(-1), Value::Bytes(vec![7; 300])),
            (Value::Text("fmt".into()), Value::Array(vec![Value::Bool(true), Value::Null])),
        ]);
        assert_eq!(decode(&value.encode()).unwrap(), value);
    }

    #[test]
    fn refuses_every_other_form() {
        // Bytes in hex and the complaint expected, after RFC 8949 appendix A and section 4.2.1.
        let cases: &[(&[u8], CborError)] = &[
            (&[0x18, 0x01], CborError::NotCanonical),                   // 1 in two bytes
            (&[0x58, 0x01, 0x00], CborError::NotCanonical),             // length 1 in two bytes
            (&[0xa2, 0x02, 0x00, 0x01, 0x00], CborError::NotCanonical), // keys 2, 1
            (&[0xa2, 0x01, 0x00, 0x01, 0x01], CborError::NotCanonical), // key 1 twice
            (&[0x5f, 0x41, 0x00, 0xff], CborError::NotCanonical),       // indefinite bytes
            (&[0xbf, 0x01, 0x00, 0xff], CborError::NotCanonical),       // indefinite map
            (&[0xff], CborError::NotCanonical),                         // break alone
            (&[0xc0, 0x60], CborError::Kind),                           // tag
            (&[0xf9, 0x3c, 0x00], CborError::Kind),                     // float
            (&[0xf7], CborError::Kind),                                 // undefined
            (&[0x01, 0x01], CborError::Trailing),                       // two items
            (&[0x42, 0x00], CborError::Malformed),                      // too short
            (&[], CborError::Malformed),                                // nothing
            (&[0x61, 0xff], CborError::Malformed),                      // not UTF-8
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], CborError::TooLarge), // 2^64-1
            (&[0x98, 0x21], CborError::TooLarge),                       // 33 entries
            (&[0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x00], CborError::TooLarge), // six levels
            (&[0xa1, 0x80, 0x00], CborError::TooLarge),                 // an array as key
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes).unwrap_err(), *expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn huge_claims_do_not_reserve_memory() {
        assert_eq!(decode(&[0x5b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap_err(), CborError::Malformed);
        assert_eq!(decode(&[0x9b, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap_err(), CborError::TooLarge);
    }
}
