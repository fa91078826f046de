//! The six digits that show that an address is the person's: drawn, kept as a keyed digest, compared without an early end.

use crate::port::Letter;
use crate::{Caller, Fault, Platform};
use lionrock_crypto::ring::Mac;
use lionrock_model::language::Language;
use lionrock_model::person::Email;
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

/// The letter that carries the digits. No link, so that no letter teaches people to follow links in letters.
#[must_use]
pub fn letter(to: Email, language: Language, digits: &str) -> Letter {
    let (subject, text) = match language {
        Language::En => (
            "Your code",
            format!(
                "Type these six digits on the page you have open:\n\n{digits}\n\nThey are good for ten minutes and work once.\n\
                 If you did not ask for them, you need not do anything. We never ask you for this code."
            ),
        ),
        Language::ZhHant => (
            "你的驗證碼",
            format!(
                "請在已開啟的網頁輸入以下六位數字：\n\n{digits}\n\n驗證碼十分鐘內有效，只可使用一次。\n\
                 如你沒有提出要求，無須理會。我們絕不會向你索取此驗證碼。"
            ),
        ),
        Language::ZhHans => (
            "你的验证码",
            format!(
                "请在已打开的网页输入以下六位数字：\n\n{digits}\n\n验证码十分钟内有效，只能使用一次。\n\
                 如果你没有提出请求，无需理会。我们绝不会向你索取此验证码。"
            ),
        ),
    };
    Letter { to, subject: subject.to_owned(), text }
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_people_type_them() {
        for text in ["012345", " 012 345 ", "012-345", "０１２３４５", "012\u{3000}345"] {
            assert_eq!(typed(text), "012345", "{text:?}");
        }
    }

    #[test]
    fn letters_carry_the_code_and_no_link() {
        for language in Language::ALL {
            let letter = letter(Email::parse("lok@example.test").unwrap(), language, "012345");
            assert!(letter.text.contains("012345") && !letter.subject.contains("012345"));
            assert!(!letter.text.contains("http") && !letter.subject.is_empty());
        }
    }
}
