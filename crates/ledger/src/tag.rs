//! Tags: entries about one person carry codes that only whoever has the person's history key can tell from noise.
//!
//! The first entry about a person carries the code of 1, the next one of 2, and so on. So a person can look for the one
//! that would come next, and nobody else can tell which entries belong together.

use lionrock_crypto::mac::hmac_sha256;

/// The code in an entry: 16 bytes.
pub type Tag = [u8; 16];

/// What makes a person's tags: 32 bytes, for that person's eyes.
pub type HistoryKey = [u8; 32];

/// The tag of a person's entry `number`, counted from 1: the first 16 bytes of
/// `HMAC-SHA-256(history key, "lionrock history tag v1" ‖ 0x00 ‖ number)`.
#[must_use]
pub fn of(key: &HistoryKey, number: u64) -> Tag {
    let code = hmac_sha256(key, &[b"lionrock history tag v1\0".as_slice(), &number.to_be_bytes()].concat());
    let mut tag = [0; 16];
    tag.iter_mut().zip(code).for_each(|(to, from)| *to = from);
    tag
}

/// The mark of a history: what a person can compare between two files by eye. First ten bytes of
/// `SHA-256("lionrock history mark v1" ‖ 0x00 ‖ history key)`, in five groups of four hexadecimal digits.
#[must_use]
pub fn mark(key: &HistoryKey) -> String {
    let digest = lionrock_crypto::digest::sha256(&[b"lionrock history mark v1\0".as_slice(), key].concat());
    let groups = digest.chunks(2).take(5).map(|pair| pair.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}
