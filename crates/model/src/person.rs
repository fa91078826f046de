//! What a card says of a person, and how to reach them. Personal data: nothing here prints itself.

use crate::hkid::Hkid;
use jiff::civil::Date;
use std::fmt;
use thiserror::Error;

/// The facts a registration keeps: what the card says, confirmed by the registry.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFacts {
    /// Card number.
    pub hkid: Hkid,
    /// Name in Latin letters, as the card writes it: `CHAN, Tai Man`.
    pub english_name: EnglishName,
    /// Name in Chinese characters, when the card has one.
    pub chinese_name: Option<ChineseName>,
    /// Date of birth.
    pub birth: Date,
    /// Sex as printed.
    pub sex: Sex,
    /// Date of issue of the card.
    pub issued: Date,
}

impl fmt::Debug for CardFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFacts(…)")
    }
}

/// Sex as printed on the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// 女 F.
    Female,
    /// 男 M.
    Male,
}

impl Sex {
    /// The card's letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Female => 'F',
            Self::Male => 'M',
        }
    }

    /// Reads the card's letter.
    #[must_use]
    pub const fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'F' | 'f' => Some(Self::Female),
            'M' | 'm' => Some(Self::Male),
            _ => None,
        }
    }
}

macro_rules! personal_text {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text, for sealing and for the person's own eyes.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

personal_text! {
    /// A name in Latin letters by the card's rule: `SURNAME, Given Names`, or a single name without a comma.
    EnglishName;
    /// A name of one to six Chinese characters.
    ChineseName;
    /// An e-mail address: ASCII local part of at most 64 characters, an ASCII host name with a dot.
    Email;
}

impl EnglishName {
    /// Reads a name and writes it by the card's rule: surname in capitals, given names with capital initials.
    ///
    /// # Errors
    /// When it is empty, over 80 characters or has other characters than letters, blanks, hyphens, apostrophes and one comma.
    pub fn parse(text: &str) -> Result<Self, NotPersonal> {
        let allowed = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | ',' | '-' | '\'' | '.');
        let text = text.trim();
        if text.is_empty() || text.len() > 80 || !text.chars().all(allowed) || text.matches(',').count() > 1 {
            return Err(NotPersonal::Name);
        }
        let (surname, given) = text.split_once(',').unwrap_or((text, ""));
        let surname = words(surname).collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        let given = words(given).map(capitalised).collect::<Vec<_>>().join(" ");
        if !surname.contains(|c: char| c.is_ascii_alphabetic()) {
            return Err(NotPersonal::Name);
        }
        Ok(Self(if given.is_empty() { surname } else { format!("{surname}, {given}") }))
    }

    /// The name without case, blanks and punctuation: how two readings are compared.
    #[must_use]
    pub fn comparable(&self) -> String {
        self.0.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

fn capitalised(word: &str) -> String {
    let mut up = true;
    word.chars()
        .map(|c| {
            let out = if up { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            up = matches!(c, '-' | '\'');
            out
        })
        .collect()
}

impl ChineseName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is not one to six CJK ideographs.
    pub fn parse(text: &str) -> Result<Self, NotPersonal> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let ideograph =
            |c: char| matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_23AF);
        if (1..=6).contains(&text.chars().count()) && text.chars().all(ideograph) {
            Ok(Self(text))
        } else {
            Err(NotPersonal::Name)
        }
    }
}

impl Email {
    /// Reads an address (the common core of RFC 5321 section 4.1.2). Internationalised addresses are refused
    /// rather than guessed at: a look-alike letter would send a code to somebody else.
    ///
    /// # Errors
    /// When it has another shape, control characters, quotes, comments, or characters outside ASCII.
    pub fn parse(text: &str) -> Result<Self, NotPersonal> {
        let text = text.trim_matches(' ');
        if text.len() > 254 {
            return Err(NotPersonal::Email);
        }
        let (local, host) = text.rsplit_once('@').ok_or(NotPersonal::Email)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let local_fits = local.len() <= 64 && local.split('.').all(|part| !part.is_empty() && part.chars().all(atom));
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let host_fits = host.contains('.') && host.split('.').all(label_fits);
        if local_fits && host_fits {
            Ok(Self(format!("{local}@{}", host.to_ascii_lowercase())))
        } else {
            Err(NotPersonal::Email)
        }
    }
}

/// Text that is not what the field asks for. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotPersonal {
    /// Not an e-mail address.
    #[error("not an e-mail address that can be written to")]
    Email,
    /// Not a name.
    #[error("not a name as a card writes it")]
    Name,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn english_names_follow_the_card() {
        for (read, written) in [
            ("LOK, Wing Ching", "LOK, Wing Ching"),
            ("lok,wing  ching", "LOK, Wing Ching"),
            ("O'NEIL, mary-ann", "O'NEIL, Mary-Ann"),
            ("SUHARTO", "SUHARTO"),
        ] {
            assert_eq!(EnglishName::parse(read).unwrap().reveal(), written);
        }
        for bad in ["", ",", "李", "A,B,C", "A<script>", &"A".repeat(81)] {
            assert_eq!(EnglishName::parse(bad), Err(NotPersonal::Name), "{bad:?}");
        }
    }

    #[test]
    fn chinese_names_are_ideographs() {
        assert_eq!(ChineseName::parse("樂 永晴").unwrap().reveal(), "樂永晴");
        assert!(ChineseName::parse("Lok").is_err() && ChineseName::parse("").is_err());
    }

    #[test]
    fn addresses_refuse_what_could_deceive() {
        assert_eq!(Email::parse("a.b+c@Example.TEST").unwrap().reveal(), "a.b+c@example.test");
        for bad in [
            "",
            "a",
            "a@b",
            "@example.test",
            "a@@example.test",
            "a b@example.test",
            "a@exa mple.test",
            "é@example.test",
            "a@ｅxample.test",
            "a\u{202e}@example.test",
            "a\r\nBcc: x@example.test",
            "\"a\"@example.test",
            "a.@example.test",
            "a@-x.test",
        ] {
            assert_eq!(Email::parse(bad), Err(NotPersonal::Email), "{bad:?}");
        }
    }
}
