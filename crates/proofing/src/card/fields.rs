//! From lines to fields: each field's grammar.

use jiff::civil::Date;
use lionrock_model::hkid::{Hkid, NotAnHkid};
use lionrock_model::person::{EnglishName, Sex};

use super::anchors::fold;
use crate::text::read::Reading;

/// The card's number: bare body and, when brackets were read, the check character.
pub(crate) fn number(reading: &Reading) -> Result<Hkid, NotAnHkid> {
    let digits: String = reading.card.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let (head, check) = digits.split_at_checked(digits.len().wrapping_sub(1)).ok_or(NotAnHkid::Malformed)?;
    let body = body(head).ok_or(NotAnHkid::Malformed)?;
    let check = if check == "A" { 'A' } else { check.chars().next().map_or('?', as_digit) };
    Hkid::parse(&format!("{body}({check})"))
}

/// One or two letters and six digits, with look-alikes put right by place.
pub(crate) fn body(text: &str) -> Option<String> {
    let text: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = text.len().checked_sub(6).filter(|letters| (1..=2).contains(letters))?;
    let body: String =
        text.iter().enumerate().map(|(place, c)| if place < letters { as_letter(*c) } else { as_digit(*c) }).collect();
    let (head, tail) = body.split_at_checked(letters)?;
    let whole = head.bytes().all(|b| b.is_ascii_uppercase()) && tail.bytes().all(|b| b.is_ascii_digit());
    whole.then_some(body)
}

fn as_digit(c: char) -> char {
    match c {
        'O' | 'D' | 'Q' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'G' => '6',
        'B' => '8',
        other => other,
    }
}

fn as_letter(c: char) -> char {
    match c {
        '0' => 'O',
        '1' => 'I',
        '2' => 'Z',
        '5' => 'S',
        '6' => 'G',
        '8' => 'B',
        other => other,
    }
}

fn digits(reading: &Reading) -> Vec<i16> {
    reading.card.chars().map(as_digit).filter_map(|c| c.to_digit(10)).filter_map(|d| i16::try_from(d).ok()).collect()
}

fn joined(digits: &[i16]) -> i16 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

/// `dd-mm-yyyy`, a real calendar date.
pub(crate) fn full_date(reading: &Reading) -> Option<Date> {
    let digits = digits(reading);
    // The sex beside the date may have come along; it has no digits, but its letter M or F may not be taken for one.
    let [d1, d2, m1, m2, y1, y2, y3, y4] = digits.as_slice() else { return None };
    date(joined(&[*y1, *y2, *y3, *y4]), joined(&[*m1, *m2]), joined(&[*d1, *d2]))
}

/// `dd-mm-yy`, in this century: smart cards were first issued in 2003.
pub(crate) fn short_date(reading: &Reading) -> Option<Date> {
    let digits = digits(reading);
    let [d1, d2, m1, m2, y1, y2] = digits.as_slice() else { return None };
    date(2000 + joined(&[*y1, *y2]), joined(&[*m1, *m2]), joined(&[*d1, *d2]))
}

/// `(mm-yy)`: the month and the year without its century.
pub(crate) fn month(reading: &Reading) -> Option<(i8, i16)> {
    let digits = digits(reading);
    let [m1, m2, y1, y2] = digits.as_slice() else { return None };
    let month = i8::try_from(joined(&[*m1, *m2])).ok().filter(|month| (1..=12).contains(month))?;
    Some((month, joined(&[*y1, *y2])))
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `男 M` or `女 F`; the two scripts must not contradict each other.
pub(crate) fn sex(reading: &Reading) -> Option<Sex> {
    let text = fold(&reading.text);
    let male = text.contains('男') || text.contains('M');
    let female = text.contains('女') || text.contains('F');
    match (male, female) {
        (true, false) => Some(Sex::Male),
        (false, true) => Some(Sex::Female),
        _ => None,
    }
}

/// Four-digit groups; `None` when the digits do not make whole groups.
pub(crate) fn codes(reading: &Reading) -> Option<Vec<u16>> {
    let digits = digits(reading);
    let groups = digits.chunks_exact(4);
    if !groups.remainder().is_empty() || digits.len() > 24 {
        return None;
    }
    groups.map(|group| u16::try_from(joined(group)).ok()).collect()
}

/// The ideographs of a name, nothing else.
pub(crate) fn chinese_name(reading: &Reading) -> String {
    reading.text.chars().filter(|c| is_ideograph(*c)).collect()
}

fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_23AF)
}

/// `SURNAME, Given Names` by the card's rule: capitals before the comma, capital initials after it.
pub(crate) fn english_name(reading: &Reading) -> Option<EnglishName> {
    let mut text = reading.name.replace('.', ",");
    if !text.contains(',') {
        // A lost comma: the surname is the run of words in capitals.
        let words: Vec<&str> = text.split_whitespace().collect();
        let capitals = |word: &&&str| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        let surname = words.iter().take_while(capitals).count();
        if surname > 0 && surname < words.len() {
            let (head, tail) = words.split_at(surname);
            text = format!("{}, {}", head.join(" "), tail.join(" "));
        }
    }
    let (surname, given) = text.split_once(',').map_or((text.as_str(), ""), |(a, b)| (a, b));
    // In capitals a small l is an I; inside a given name a capital I is an l.
    let surname: String = surname.chars().map(|c| if c == 'l' { 'I' } else { c }).collect();
    let mut start = true;
    let given: String = given
        .replace(',', " ")
        .chars()
        .map(|c| {
            let out = match (start, c) {
                (true, 'l') => 'I',
                (false, 'I') => 'l',
                (_, c) => c,
            };
            start = matches!(c, ' ' | '-' | '\'');
            out
        })
        .collect();
    EnglishName::parse(&format!("{surname},{given}")).ok()
}

/// The letters of the symbols, and whether stars stand before them.
pub(crate) fn symbols(reading: &Reading) -> (bool, String) {
    let text = fold(&reading.text);
    let stars = text.chars().any(|c| matches!(c, '*' | '＊' | '★' | '☆' | '※' | '米' | '×' | '#' | '"' | '\''));
    let letters = text
        .chars()
        .map(|c| {
            if c == '0' {
                'O'
            } else if c == '2' {
                'Z'
            } else {
                c
            }
        })
        .filter(|c| "ARCUZXWOBN".contains(*c))
        .collect();
    (stars, letters)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Reading {
        Reading { text: text.to_owned(), name: text.to_owned(), card: fold(text), confidence: 1.0 }
    }

    #[test]
    fn numbers_keep_their_check_digit() {
        assert_eq!(number(&read("A123456(3)")).unwrap().reveal(), "A123456(3)");
        assert_eq!(number(&read("A1Z3456（3）")).unwrap().reveal(), "A123456(3)");
        assert_eq!(number(&read("WX123456(9)")).unwrap().reveal(), "WX123456(9)");
        assert_eq!(number(&read("A123456(4)")), Err(NotAnHkid::WrongCheckDigit));
        assert_eq!(number(&read("A12345")), Err(NotAnHkid::Malformed));
        assert_eq!(number(&read("")), Err(NotAnHkid::Malformed));
    }

    #[test]
    fn dates_are_real() {
        assert_eq!(full_date(&read("03-06-1985")).unwrap().to_string(), "1985-06-03");
        assert_eq!(full_date(&read("31-02-1985")), None);
        assert_eq!(short_date(&read("26-11-18")).unwrap().to_string(), "2018-11-26");
        assert_eq!(month(&read("(06-96)")), Some((6, 96)));
        assert_eq!(month(&read("(13-96)")), None);
    }

    #[test]
    fn names_follow_the_rule_of_the_card() {
        for (text, name) in [
            ("LOK, Wing Ching", "LOK, Wing Ching"),
            ("LOK. Wing Ching", "LOK, Wing Ching"),
            ("LOK Wing Ching", "LOK, Wing Ching"),
            ("Ll, So wAn", "LI, So Wan"),
            ("SUHARTO", "SUHARTO"),
        ] {
            assert_eq!(english_name(&read(text)).unwrap().reveal(), name, "{text}");
        }
        assert!(english_name(&read("")).is_none());
    }

    #[test]
    fn sex_codes_and_symbols() {
        assert_eq!(sex(&read("女 F")), Some(Sex::Female));
        assert_eq!(sex(&read("男M")), Some(Sex::Male));
        assert_eq!(sex(&read("男 F")), None);
        assert_eq!(codes(&read("2867 3057 2532")), Some(vec![2867, 3057, 2532]));
        assert_eq!(codes(&read("2867 3057 253")), None);
        assert_eq!(symbols(&read("***A0")), (true, "AO".to_owned()));
    }
}
