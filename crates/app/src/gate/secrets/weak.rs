//! Secrets a stranger guesses: short, repeated, in a row, or put together from common words.

use lionrock_crypto::digest::sha256;

/// Why a secret of letters is weak; nothing when it is not. `least` is the fewest characters it may have.
#[must_use]
pub fn weakness(secret: &[u8], least: usize) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(secret) else { return None };
    let letters: Vec<char> = text.trim().chars().collect();
    if letters.is_empty() {
        return Some("is empty");
    }
    if letters.len() < least {
        return Some("is too short");
    }
    if repeats(&letters) {
        return Some("repeats itself");
    }
    if in_a_row(&letters) {
        return Some("is a row of neighbouring characters");
    }
    is_made_of_words(&letters).then_some("is made of common words")
}

/// The same few characters, or the same piece, again and again.
fn repeats(letters: &[char]) -> bool {
    let mut seen = letters.to_vec();
    seen.sort_unstable();
    seen.dedup();
    let piece = |length: usize| letters.chunks(length).all(|chunk| letters.starts_with(chunk));
    seen.len() < 4 || (1..=letters.len() / 2).any(piece)
}

/// `12345678`, `hgfedcba`, `qwertzuiop`.
fn in_a_row(letters: &[char]) -> bool {
    let step = |by: i64| {
        letters
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if i64::from(u32::from(*b)) - i64::from(u32::from(*a)) == by))
    };
    let text: String = letters.iter().flat_map(|letter| letter.to_lowercase()).collect();
    let back: String = text.chars().rev().collect();
    step(1) || step(-1) || ROWS.iter().any(|row| row.contains(&text) || row.contains(&back))
}

const ROWS: [&str; 5] = [
    "12345678901234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Nothing but words of the list, with whatever digits and signs between them and in place of letters.
fn is_made_of_words(letters: &[char]) -> bool {
    let plain = |fold: bool| -> String {
        let folded = letters.iter().map(|letter| if fold { folded(*letter) } else { letter.to_ascii_lowercase() });
        folded.filter(char::is_ascii_lowercase).collect()
    };
    let words: Vec<&str> = words().collect();
    [plain(false), plain(true)].iter().any(|text| {
        // A few letters among many digits are no word; half of it must be.
        text.len() * 2 >= letters.len() && falls_apart(text, &words)
    })
}

/// Whether the text is words of the list, one after the other.
fn falls_apart(text: &str, words: &[&str]) -> bool {
    let mut reached = vec![true];
    reached.resize(text.len() + 1, false);
    for end in 1..=text.len() {
        let fits = words.iter().any(|word| {
            end.checked_sub(word.len())
                .is_some_and(|start| reached.get(start) == Some(&true) && text.get(start..end) == Some(*word))
        });
        if let Some(place) = reached.get_mut(end) {
            *place = fits;
        }
    }
    !text.is_empty() && reached.last() == Some(&true)
}

/// What people put for a letter.
const fn folded(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        other => other.to_ascii_lowercase(),
    }
}

/// Whether this is the SHA-256 of nothing, of a word of the list, or of one as people dress it up.
#[must_use]
pub fn is_digest_of_a_word(digest: &[u8; 32]) -> bool {
    let endings =
        ["", "1", "12", "123", "1234", "12345", "123456", "!", "1!", "2024", "2025", "2026", "secret", "password"];
    let dressed = words().flat_map(|word| {
        let capital = word.char_indices().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect();
        [word.to_owned(), capital, word.to_uppercase()].into_iter().flat_map(move |word| {
            let hyphen = endings.map(|ending| format!("{word}-{ending}"));
            endings.map(|ending| format!("{word}{ending}")).into_iter().chain(hyphen)
        })
    });
    let rows = (0..=20).map(|length| "12345678901234567890".chars().take(length).collect::<String>());
    dressed.chain(rows).any(|guess| sha256(guess.as_bytes()) == *digest)
}

fn words() -> impl Iterator<Item = &'static str> {
    WORDS.split_whitespace()
}

const WORDS: &str = include_str!("words.txt");
