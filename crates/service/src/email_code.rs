//! The six digits that show that an address is the person's: drawn, kept as a keyed digest, compared without an early end.

use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Mac;
use std::time::Duration;

/// At least so long between two codes of one person.
pub const PAUSE: Duration = Duration::from_secs(10);

/// Six digits, each value equally likely: 32 random bits beyond the last whole multiple of a million are drawn again.
#[must_use]
pub fn draw(caller: &Caller) -> String {
    const WHOLE: u32 = u32::MAX / 1_000_000 * 1_000_000;
    loop {
        let drawn = u32::from_be_bytes(caller.random());
        if drawn < WHOLE {
            return format!("{:06}", drawn % 1_000_000);
        }
    }
}

/// The digits in what a person typed: blanks and hyphens are left out, full-width digits, as Chinese keyboards write them, are digits.
#[must_use]
pub fn typed(text: &str) -> String {
    let ascii = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        other => other,
    };
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(ascii).collect()
}

/// What is kept of a code: a digest under a key of the ring, bound to what it is for and to the row it belongs to.
///
/// # Errors
/// `Key` when the ring is incomplete.
pub fn digest(platform: &Platform, label: &str, row: &[u8], digits: &str) -> Result<[u8; 32], Fault> {
    Ok(platform.keys.mac(Mac::Code, label, &[row, digits.as_bytes()].concat())?)
}

/// Compares without an early end.
#[must_use]
pub fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn digits_are_read_as_people_type_them() {
        for text in ["012345", " 012 345 ", "012-345", "０１２３４５", "012\u{3000}345"] {
            assert_eq!(typed(text), "012345", "{text:?}");
        }
    }
}
