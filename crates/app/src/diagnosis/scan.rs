//! Does a text hold anything of a person? Looks for shapes, so it also refuses what only looks like it: diagnostics have no need of either.

use lionrock_model::hkid::Hkid;

/// Something that must not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it looks like.
    pub kind: &'static str,
    /// In which line, counted from 1.
    pub line: usize,
}

/// Whether a line holds something of a kind.
type Look = fn(&[char]) -> bool;

/// Everything personal in a text; `canaries` are words that were planted to be found.
#[must_use]
pub fn personal(text: &str, canaries: &[String]) -> Vec<Found> {
    let checks: [(&'static str, Look); 6] = [
        ("an identity card number", card_number),
        ("a telephone number", telephone),
        ("an e-mail address", email),
        ("Chinese characters, as names have them", chinese),
        ("a name as cards have it", name),
        ("an identifier", identifier),
    ];
    let mut found = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let letters: Vec<char> = line.chars().collect();
        let line_number = place + 1;
        let kinds = checks.iter().filter(|(_, check)| check(&letters)).map(|(kind, _)| *kind);
        found.extend(kinds.map(|kind| Found { kind, line: line_number }));
        let lower = line.to_lowercase();
        if canaries.iter().any(|canary| !canary.trim().is_empty() && lower.contains(&canary.trim().to_lowercase())) {
            found.push(Found { kind: "a canary", line: line_number });
        }
    }
    found
}

fn at(letters: &[char], place: Option<usize>) -> Option<char> {
    place.and_then(|place| letters.get(place)).copied()
}

/// Whether nothing that could belong to a longer word stands before and after.
fn stands_alone(letters: &[char], start: usize, end: usize) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(|c| c.is_ascii_alphanumeric());
    !joins(at(letters, start.checked_sub(1))) && !joins(at(letters, Some(end)))
}

/// `A123456(3)`, `A1234563`, `wx 123456 (9)`; also without the check character.
fn card_number(letters: &[char]) -> bool {
    (0..letters.len()).any(|start| (1..=2).any(|prefix| card_number_at(letters, start, prefix)))
}

fn card_number_at(letters: &[char], start: usize, prefix: usize) -> bool {
    let Some((head, rest)) = letters.get(start..).and_then(|rest| rest.split_at_checked(prefix)) else { return false };
    if !head.iter().all(char::is_ascii_alphabetic) {
        return false;
    }
    let blanks = rest.iter().take_while(|c| **c == ' ').count().min(1);
    let Some(digits) = rest.get(blanks..blanks + 6).filter(|digits| digits.iter().all(char::is_ascii_digit)) else {
        return false;
    };
    let mut end = start + prefix + blanks + 6;
    let body: String = head.iter().map(char::to_ascii_uppercase).chain(digits.iter().copied()).collect();
    if stands_alone(letters, start, end) && !matches!(at(letters, Some(end)), Some('(' | '（')) {
        return Hkid::with_check_digit(&body).is_ok();
    }
    while matches!(at(letters, Some(end)), Some(' ' | '(' | '（')) {
        end += 1;
    }
    let Some(check) = at(letters, Some(end)) else { return false };
    stands_alone(letters, start, end + 1) && Hkid::parse(&format!("{body}{check}")).is_ok()
}

/// Eight digits of Hong Kong, in one piece or as four and four, with or without +852.
fn telephone(letters: &[char]) -> bool {
    (0..letters.len()).any(|start| {
        let before = at(letters, start.checked_sub(1));
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')) && !follows_code(letters, start)
        {
            return false;
        }
        let mut digits = Vec::new();
        let mut end = start;
        while let Some(letter) = at(letters, Some(end)) {
            if letter.is_ascii_digit() {
                digits.push(letter);
            } else if !(matches!(letter, ' ' | '-') && digits.len() == 4) {
                break;
            }
            end += 1;
        }
        digits.len() == 8
            && matches!(digits.first(), Some('2'..='9'))
            && !at(letters, Some(end)).is_some_and(|c| c.is_ascii_alphanumeric())
    })
}

fn follows_code(letters: &[char], start: usize) -> bool {
    letters.get(..start).is_some_and(|before| before.ends_with(&['8', '5', '2']))
}

fn email(letters: &[char]) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '%'));
    let ats = letters.iter().enumerate().filter(|(_, letter)| **letter == '@');
    ats.into_iter().any(|(place, _)| part(at(letters, place.checked_sub(1))) && part(at(letters, Some(place + 1))))
}

fn chinese(letters: &[char]) -> bool {
    letters.iter().any(|c| matches!(*c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'))
}

/// `CHAN, Tai Man`.
fn name(letters: &[char]) -> bool {
    letters.windows(4).enumerate().any(|(place, window)| match window {
        [last, ',', ' ', first] if last.is_ascii_uppercase() && first.is_ascii_uppercase() => {
            at(letters, place.checked_sub(1)).is_some_and(|c| c.is_ascii_uppercase())
                && at(letters, Some(place + 4)).is_some_and(|c| c.is_ascii_lowercase())
        }
        _ => false,
    })
}

/// A UUID, 32 hexadecimal digits, or 43 characters of base64url: what residents, sessions and pseudonyms are called by.
fn identifier(letters: &[char]) -> bool {
    let word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    letters.split(|c| !word(c)).any(|word| {
        let hex: Vec<_> = word.iter().filter(|c| **c != '-').collect();
        let all_hex = hex.len() >= 32 && hex.iter().all(|c| c.is_ascii_hexdigit());
        let mixed = word.iter().any(char::is_ascii_uppercase)
            && word.iter().any(char::is_ascii_lowercase)
            && word.iter().any(char::is_ascii_digit);
        all_hex || (word.len() >= 43 && mixed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        personal(text, &["Yellow Bird".to_owned()]).into_iter().map(|found| found.kind).collect()
    }

    #[test]
    fn every_kind_that_is_planted_is_found() {
        for (text, kind) in [
            ("card U123456(7) read", "an identity card number"),
            ("\"hkid\":\"A1234563\"", "an identity card number"),
            ("wx 123456 (9)", "an identity card number"),
            ("A123456", "an identity card number"),
            ("call 9123 4567 now", "a telephone number"),
            ("call=+85291234567", "a telephone number"),
            ("6123-4567", "a telephone number"),
            ("to mei@example.hk", "an e-mail address"),
            ("name: 陳大文", "Chinese characters, as names have them"),
            ("CHAN, Tai Man", "a name as cards have it"),
            ("resident 019ab2c3-1111-7222-8333-444455556666", "an identifier"),
            ("id 019ab2c31111722283334444 55556666".trim(), ""),
            ("id=019ab2c3111172228333444455556666", "an identifier"),
            ("sub E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "an identifier"),
            ("a yellow bird sings", "a canary"),
        ] {
            if kind.is_empty() {
                continue;
            }
            let check = lionrock_model::hkid::check_character("U123456").unwrap_or('0');
            let text = text.replace("U123456(7)", &format!("U123456({check})"));
            assert!(kinds(&text).contains(&kind), "{text:?} is {kind}: {:?}", kinds(&text));
        }
    }

    #[test]
    fn what_diagnostics_hold_is_left_alone() {
        for text in [
            "{\"at\":\"2026-11-23T09:08:07Z\",\"version\":\"0.1.0\"}",
            "\"leaf\": 9999999, \"session\": \"23456k\"",
            "lionrock_http_request_seconds_bucket{route=\"/oauth/par\",le=\"0.0025\"} 42",
            "lionrock_http_request_seconds_sum{route=\"/\"} 0.12345678",
            "WARN lionrock_service::ledger crates/service/src/ledger/job.rs:41: 3",
            "CREATE TABLE leaf (event BYTES PRIMARY KEY, kind TEXT NOT NULL)",
            "time 1795392000000, port 8443",
        ] {
            assert_eq!(kinds(text), [""; 0], "{text}");
        }
    }
}
