//! The Hong Kong identity card number and its check character.

use std::fmt;
use thiserror::Error;
use zeroize::Zeroize;

/// A card number whose check character is right. Personal data: neither printed by `Debug` nor displayed.
///
/// One or two letters, six digits, and a check character 0 to 9 or A. The body is held without the check
/// character: that is not part of the number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Hkid {
    body: String,
    check: char,
}

impl Hkid {
    /// Reads `A123456(3)`, `A1234563` or `a 123456 (3)`: case, blanks and both kinds of brackets do not matter.
    ///
    /// # Errors
    /// `Malformed` when the shape is another, `WrongCheckDigit` when the arithmetic does not hold.
    pub fn parse(text: &str) -> Result<Self, NotAnHkid> {
        if text.chars().count() > 32 {
            return Err(NotAnHkid::Malformed);
        }
        let compact: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '（' | '）'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let mut body = compact;
        let check = body.pop().ok_or(NotAnHkid::Malformed)?;
        if !(check.is_ascii_digit() || check == 'A') {
            return Err(NotAnHkid::Malformed);
        }
        if check_character(&body)? == check { Ok(Self { body, check }) } else { Err(NotAnHkid::WrongCheckDigit) }
    }

    /// Makes a number from its body (`A123456`) by working out the check character.
    ///
    /// # Errors
    /// `Malformed` when the body is not one or two capitals and six digits.
    pub fn with_check_digit(body: &str) -> Result<Self, NotAnHkid> {
        Ok(Self { check: check_character(body)?, body: body.to_owned() })
    }

    /// Whether the number lies in the range set aside for synthetic people: the single letter **U**, which no card
    /// carries. Test realms accept only these, production refuses them.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.body.len() == 7 && self.body.starts_with('U')
    }

    /// The number without its check character, the canonical form for lookup: `A123456`.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The check character.
    #[must_use]
    pub const fn check(&self) -> char {
        self.check
    }

    /// The number as printed on the card: `A123456(3)`. For sealing and for the person's own eyes.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{}({})", self.body, self.check)
    }
}

impl fmt::Debug for Hkid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hkid(…)")
    }
}

impl Drop for Hkid {
    fn drop(&mut self) {
        self.body.zeroize();
    }
}

/// Why a text is not a card number. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotAnHkid {
    /// Another shape than letters, six digits, check character.
    #[error("not an identity card number: one or two letters, six digits and a check character are expected")]
    Malformed,
    /// The check character does not follow from the rest.
    #[error("the check character does not match the identity card number")]
    WrongCheckDigit,
}

/// The check character of a body: weights 9 to 2 over eight places, letters A=10 to Z=35, a missing first letter
/// counting 36; 11 less the sum modulo 11, where 10 is written A.
///
/// # Errors
/// `Malformed` when the body is not one or two capitals followed by six digits.
pub fn check_character(body: &str) -> Result<char, NotAnHkid> {
    let letters = body.chars().take_while(char::is_ascii_uppercase).count();
    let digits = body.get(letters..).ok_or(NotAnHkid::Malformed)?;
    if !(1..=2).contains(&letters) || digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotAnHkid::Malformed);
    }
    let blank = (letters == 1).then_some(36);
    let values = blank.into_iter().chain(body.chars().filter_map(|c| c.to_digit(36)));
    let sum: u32 = values.zip((2..=9).rev()).map(|(value, weight)| value * weight).sum();
    char::from_digit((11 - sum % 11) % 11, 11).map(|c| c.to_ascii_uppercase()).ok_or(NotAnHkid::Malformed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn published_check_characters() {
        for (body, check) in [
            ("A123456", '3'),
            ("G123456", 'A'),
            ("AB987654", '3'),
            ("K034678", '0'),
            ("C668668", '9'),
            ("P103265", '1'),
            ("WX123456", '9'),
        ] {
            assert_eq!(check_character(body), Ok(check), "{body}");
            assert!(Hkid::parse(&format!("{body}({check})")).is_ok());
        }
    }

    #[test]
    fn published_specimens_fail_on_purpose() {
        for specimen in ["Z683365(5)", "Z691338(2)", "Z982600(5)"] {
            assert_eq!(Hkid::parse(specimen), Err(NotAnHkid::WrongCheckDigit), "{specimen}");
        }
    }

    #[test]
    fn shapes() {
        assert_eq!(Hkid::parse(" a123456（3） ").map(|h| h.reveal()), Ok("A123456(3)".to_owned()));
        for bad in ["", "(", "A", "123456", "ABC1234563", "A12345(6)", "A1234567(8)", "A12345六(3)", &"A".repeat(99)] {
            assert_eq!(Hkid::parse(bad), Err(NotAnHkid::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", Hkid::with_check_digit("A123456").unwrap()), "Hkid(…)");
    }
}
