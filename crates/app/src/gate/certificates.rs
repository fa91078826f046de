//! Certificates made for trying things out: the demo's authority, and whatever says TEST of itself.

use super::{Check, Setting};
use crate::start;
use rustls::pki_types::CertificateDer;
use std::path::Path;
use webpki::EndEntityCert;

pub(super) fn checks(at: &Setting<'_>) -> [Check; 1] {
    [at.production_all("no-test-certificates", || {
        let chain = Some(at.config.tls.chain.as_path());
        let named = [("tls.chain", chain), ("registry.ca", at.config.registry.ca.as_deref())];
        named.into_iter().filter_map(|(name, path)| judge(name, path?)).collect()
    })]
}

fn judge(name: &str, path: &Path) -> Option<String> {
    let found = match start::certificates(path) {
        Ok(found) => found,
        Err(error) => return Some(format!("{name}: {error:#}")),
    };
    let words = found.iter().find_map(|der| {
        let names = names(der)?;
        MARKS.into_iter().find(|mark| has(&names, mark))
    });
    words.map(|mark| format!("{name} holds a certificate marked {mark:?}; use one of a real authority"))
}

/// The texts of subject and issuer, one a line.
fn names(der: &[u8]) -> Option<String> {
    let der = CertificateDer::from(der);
    // Reads authorities' certificates too: it only looks, it does not judge.
    let certificate = EndEntityCert::try_from(&der).ok()?;
    let mut texts = Vec::new();
    collect(certificate.subject(), &mut texts);
    collect(certificate.issuer(), &mut texts);
    Some(texts.join("\n"))
}

/// Texts in a distinguished name (X.690 section 8.1; X.520): tag, length, content, one in another.
fn collect(mut der: &[u8], texts: &mut Vec<String>) {
    while let [tag, first, rest @ ..] = der {
        let long = usize::from(first & 0x7f);
        let (length, rest) = if *first < 0x80 {
            (long, rest)
        } else {
            let Some((bytes, rest)) = rest.split_at_checked(long).filter(|_| long <= 2) else { return };
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        };
        let Some((content, rest)) = rest.split_at_checked(length) else { return };
        match *tag {
            0x30 | 0x31 => collect(content, texts),
            0x0c | 0x13 | 0x14 | 0x16 => texts.push(String::from_utf8_lossy(content).into_owned()),
            0x1e => {
                let units =
                    content.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)));
                texts.push(char::decode_utf16(units).map(|c| c.unwrap_or('?')).collect());
            }
            _ => {}
        }
        der = rest;
    }
}

/// Whether the words stand there by themselves, in any case.
fn has(names: &str, mark: &str) -> bool {
    let (names, mark) = (names.to_lowercase(), mark.to_lowercase());
    names.match_indices(&mark).any(|(at, _)| {
        let before = names.get(..at).and_then(|before| before.chars().next_back());
        let after = names.get(at + mark.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic)
    })
}

/// What such certificates say of themselves. The first is the common name of the demo's authority.
const MARKS: [&str; 4] = ["Lionrock development authority", "not for production", "TEST", "localhost"];

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn marks_are_words_of_their_own() {
        assert!(has("TEST CA", "TEST") && has("a\ntest", "TEST") && has("Test-7", "TEST"));
        assert!(!has("Contest Authority", "TEST") && !has("testing", "TEST"));
    }

    #[test]
    fn texts_are_read_whatever_their_length() {
        // SET { SEQUENCE { OID 2.5.4.3, UTF8String } } with a text of 84 bytes: its length is the letter T.
        let text = format!("TEST{}", " ".repeat(80));
        let mut inner = vec![6, 3, 0x55, 4, 3, 0x0c, 84];
        inner.extend(text.as_bytes());
        let mut der =
            vec![0x31, u8::try_from(inner.len() + 2).unwrap_or(0), 0x30, u8::try_from(inner.len()).unwrap_or(0)];
        der.extend(inner);
        let mut texts = Vec::new();
        super::collect(&der, &mut texts);
        assert_eq!(texts, [text]);
        assert!(has(&texts.join("\n"), "TEST"));
    }
}
